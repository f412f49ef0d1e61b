// How the box of a menu looks, of a menu below a button, at the pointer, and of a select.

export const POPUP =
  'max-h-(--available-height) min-w-44 max-w-80 overflow-y-auto rounded-md border border-line ' +
  'bg-raised py-1 text-ink shadow-popup outline-none transition-opacity duration-75 ' +
  'data-ending-style:opacity-0 data-starting-style:opacity-0';
