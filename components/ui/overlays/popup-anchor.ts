// What a popup belongs to: the element or the point that opened it.

export interface PopupAnchor {
  /** Where the popup stands. */
  at: Element | { getBoundingClientRect: () => DOMRect };
  /** What gets the focus back. */
  returnTo: HTMLElement | null;
}

export interface PopupProps {
  anchor: PopupAnchor;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  align?: 'start' | 'end';
}

/**
 * Whether something that would close the popup came from the element that opened it, which closes
 * it by itself: else the same click would open it again.
 */
export function isByOpener({ at }: PopupAnchor, event: Event): boolean {
  if (!(at instanceof Element)) return false;
  const towards = event instanceof FocusEvent ? event.relatedTarget : event.target;
  return towards instanceof Node && at.contains(towards);
}
