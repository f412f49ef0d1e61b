'use client';
// A modal dialog. Escape and the cross close it; focus goes in, and back to where it was.
// Props: `open`, `onClose`, `title`, `description`, `size`, `footer` (buttons), `children`.
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
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

export function Dialog(props: DialogProps) {
  const { open, onClose, title, description, size = 'medium', footer, children } = props;
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()} disablePointerDismissal>
      <Base.Portal>
        <Base.Backdrop
          className="fixed inset-0 z-40 bg-black/45 transition-opacity duration-100
          data-ending-style:opacity-0 data-starting-style:opacity-0"
        />
        <Base.Popup
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
          <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
          {footer && (
            <div
              className="flex flex-wrap items-center justify-end gap-2 border-t border-line
              px-5 py-3"
            >
              {footer}
            </div>
          )}
          {/* Last in order, so that the focus starts in the first field. */}
          <div className="absolute top-2.5 right-3">
            <IconButton label="Close" icon={<X size={16} />} onClick={onClose} />
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
