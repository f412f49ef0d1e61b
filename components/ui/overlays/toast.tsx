'use client';
// Short notices in the corner: what was started, and what failed with its reasons.
// Call `showToast` from anywhere; `ToastArea` stands once in the layout.
import { Toast as Base } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import { toProblemError } from '#lib/client/problem-error.ts';
import { TONE_ICON, TONE_TEXT, type Tone } from '../badge.tsx';
import { classNames } from '../class-names.ts';

const manager = Base.createToastManager<{ tone: Tone }>();

/** Shows a notice; errors stay until they are closed. */
export function showToast(tone: Exclude<Tone, 'idle'>, title: string, description?: string): void {
  manager.add({
    title,
    description,
    timeout: tone === 'bad' ? 0 : 5000,
    priority: tone === 'bad' ? 'high' : 'low',
    data: { tone },
  });
}

/** Shows what was thrown, with each reason and its remedy. */
export function showFault(title: string, thrown: unknown): void {
  const { reasons } = toProblemError(thrown);
  const text = reasons.map(({ message, remedy }) => [message, remedy].filter(Boolean).join(' '));
  showToast('bad', title, text.join(' '));
}

export function ToastArea() {
  return (
    <Base.Provider toastManager={manager} limit={4}>
      <Base.Portal>
        <Base.Viewport
          className="fixed right-4 bottom-10 z-35 flex w-92 max-w-[calc(100vw-2rem)]
          flex-col gap-2"
        >
          <Notices />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function Notices() {
  const { toasts } = Base.useToastManager<{ tone: Tone }>();
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
