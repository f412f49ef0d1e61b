'use client';
// A modal dialog. Escape and the cross close it. Focus goes to its first field, else to what it is
// for, and back to where it was.
// Props: `open`, `onClose`, `title`, `description`, `size`, `footer` (buttons), `children`.
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useRef } from 'react';
import { classNames } from '../class-names.ts';
import { IconButton } from '../icon-button.tsx';

export interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  size?: 'small' | 'medium' | 'large' | 'full';
  footer?: ReactNode;
  children: ReactNode;
}

const SIZES = {
  small: 'max-w-md',
  medium: 'max-w-2xl',
  large: 'max-w-4xl',
  full: 'max-w-[min(96rem,calc(100vw-4rem))]',
} as const;

const FIELDS = [
  'input:not([type="radio"])',
  'textarea',
  'button',
  '[role="radio"]',
  '[role="checkbox"]',
]
  .map((field) => `[data-body] ${field}:not(:disabled, [tabindex="-1"], [aria-hidden], details *)`)
  .join();
const MAIN = '[data-footer] [data-variant="primary"]:not([aria-disabled])';

export function Dialog(props: DialogProps) {
  const { open, onClose, title, description, size = 'medium', footer, children } = props;
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()} disablePointerDismissal>
      <Base.Portal>
        <Base.Backdrop
          className="fixed inset-0 z-40 bg-black/45 transition-opacity duration-100
          data-ending-style:opacity-0 data-starting-style:opacity-0"
        />
        <Base.Popup
          ref={popup}
          initialFocus={() => firstFocus(popup.current) ?? true}
          className={classNames(
            'fixed top-[8vh] left-1/2 z-50 flex max-h-[84vh] w-[calc(100vw-2rem)]',
            '-translate-x-1/2 flex-col rounded-lg border border-line bg-surface shadow-popup',
            'transition-opacity duration-100 data-ending-style:opacity-0',
            'data-starting-style:opacity-0',
            SIZES[size],
          )}
        >
          <div className="border-b border-line py-3 pr-14 pl-5">
            <div className="min-w-0">
              <Base.Title className="text-lg font-semibold">{title}</Base.Title>
              {description && (
                <Base.Description render={<div />} className="text-muted">
                  {description}
                </Base.Description>
              )}
            </div>
          </div>
          <div data-body className="min-h-0 flex-1 overflow-y-auto px-5 py-4">
            {children}
          </div>
          {footer && (
            <div
              data-footer
              className="flex flex-wrap items-center justify-end gap-2 border-t border-line
              px-5 py-3"
            >
              {footer}
            </div>
          )}
          <div className="absolute top-2.5 right-3">
            <IconButton label="Close" icon={<X size={16} />} onClick={onClose} />
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** What danger is confirmed with is never it: then it is the way back, the first of the buttons. */
function firstFocus(popup: HTMLElement | null): HTMLElement | null {
  const found = [FIELDS, MAIN, '[data-footer] button'].map((selector) =>
    popup?.querySelector<HTMLElement>(selector),
  );
  return found.find((element) => element) ?? null;
}
