'use client';
// Makes a button open a popup whose code is fetched when the pointer or the focus comes near.
import {
  type ComponentProps,
  cloneElement,
  type KeyboardEvent,
  type MouseEvent,
  type ReactElement,
  useState,
} from 'react';
import type { PopupAnchor } from './popup-anchor.ts';

export type PopupTrigger = ReactElement<ComponentProps<'button'>>;

export interface PopupTriggerOptions {
  kind: 'menu' | 'dialog';
  fetch: () => void;
  onOpenChange?: ((open: boolean) => void) | undefined;
}

/** `anchor` is null until the popup is opened for the first time. */
export function usePopupTrigger(trigger: PopupTrigger, options: PopupTriggerOptions) {
  const { kind, fetch, onOpenChange } = options;
  const [anchor, setAnchor] = useState<PopupAnchor | null>(null);
  const [open, setOpen] = useState(false);
  const change = (next: boolean) => {
    setOpen(next);
    onOpenChange?.(next);
  };
  const toggle = (event: MouseEvent<HTMLElement> | KeyboardEvent<HTMLElement>) => {
    fetch();
    setAnchor({ at: event.currentTarget, returnTo: event.currentTarget });
    change(!open);
  };
  const button = cloneElement(trigger, {
    'aria-haspopup': kind,
    'aria-expanded': open,
    ...(open && { 'data-popup-open': '' }),
    onPointerEnter: fetch,
    onFocus: fetch,
    onClick: toggle,
    onKeyDown: (event) => {
      const opens = kind === 'menu' && event.key === 'ArrowDown' && !open;
      if (!opens || event.currentTarget.ariaDisabled === 'true') return;
      event.preventDefault();
      toggle(event);
    },
  });
  return { button, anchor, open, change };
}
