// What a menu is made of.
import type { ReactNode } from 'react';
import type { DisabledReason } from '../disabled-reason.tsx';

export interface MenuEntry {
  id: string;
  label: string;
  icon?: ReactNode;
  /** A key or value at the right. */
  hint?: string;
  disabledReason?: DisabledReason;
  danger?: boolean;
  checked?: boolean;
  onSelect?: () => void;
  entries?: readonly MenuItem[];
}

/** `separator` draws a line; {heading} names the group that follows. */
export type MenuItem = MenuEntry | 'separator' | { heading: string };
