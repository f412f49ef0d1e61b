// How a button looks on the dark top bar.

export const ON_HEADER = 'text-header-ink hover:bg-header-hover focus-visible:outline-header-ink';
