'use client';
// The notices in the corner. Props: `fresh` (to be shown now), `onTaken` (they are).
import { Toast as Base } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import { useEffect } from 'react';
import { TONE_ICON, TONE_TEXT } from '../badge.tsx';
import { classNames } from '../class-names.ts';
import type { Notice } from './toast.tsx';

export interface NoticesProps {
  fresh: readonly Notice[];
  onTaken: (notices: readonly Notice[]) => void;
}

export function Notices(props: NoticesProps) {
  return (
    <Base.Provider limit={4}>
      <Base.Portal>
        <Base.Viewport
          className="fixed right-4 bottom-10 z-35 flex w-92 max-w-[calc(100vw-2rem)]
          flex-col gap-2"
        >
          <List {...props} />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function List({ fresh, onTaken }: NoticesProps) {
  const { toasts, add } = Base.useToastManager<{ tone: Notice['tone'] }>();
  useEffect(() => {
    if (fresh.length === 0) return;
    for (const { id, tone, title, description } of fresh) {
      add({
        ...{ id, title, description, data: { tone } },
        timeout: tone === 'bad' ? 0 : 5000,
        priority: tone === 'bad' ? 'high' : 'low',
      });
    }
    onTaken(fresh);
  }, [fresh, onTaken, add]);
  return toasts.map((toast) => {
    const tone = toast.data?.tone ?? 'info';
    const Icon = TONE_ICON[tone];
    return (
      <Base.Root
        key={toast.id}
        toast={toast}
        className="rounded-md border border-line bg-raised shadow-popup transition-opacity
          duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0"
      >
        <Base.Content className="flex gap-2.5 px-3 py-2.5">
          <Icon aria-hidden size={16} className={classNames('mt-0.5 shrink-0', TONE_TEXT[tone])} />
          <div className="min-w-0 flex-1">
            <Base.Title render={<p />} className="font-semibold" />
            <Base.Description className="break-words text-muted" />
          </div>
          <Base.Close
            aria-label="Close"
            className="inline-flex size-5 shrink-0 items-center justify-center rounded-md
              hover:bg-hover"
          >
            <X aria-hidden size={14} />
          </Base.Close>
        </Base.Content>
      </Base.Root>
    );
  });
}
