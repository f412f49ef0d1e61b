'use client';
// What could not be shown or done, why, and the way out: a problem with its reasons and remedies.
// Props: `error` (a ProblemError, or whatever was thrown), `title`, `onRetry`; `compact` for
// panels and dialogs.
import { CircleX, Lock, SearchX } from 'lucide-react';
import { toProblemError } from '#lib/client/problem-error.ts';
import { Button } from '../button.tsx';
import { classNames } from '../class-names.ts';
import { ReasonList } from '../reason-list.tsx';

export interface ErrorStateProps {
  error: unknown;
  title?: string;
  onRetry?: () => void;
  compact?: boolean;
}

export function ErrorState({ error, title, onRetry, compact = false }: ErrorStateProps) {
  const { fault, message, reasons } = toProblemError(error);
  const known = KNOWN[fault];
  const Icon = known?.icon ?? CircleX;
  // The headline repeats the first reason more often than not: say it once.
  const more = reasons.filter((reason) => reason.message !== message || reason.remedy);
  return (
    <div
      role="alert"
      className={classNames('flex gap-3', compact ? 'py-2' : 'mx-auto max-w-2xl px-6 py-10')}
    >
      <Icon
        aria-hidden
        size={compact ? 16 : 24}
        className={classNames('mt-0.5 shrink-0', known ? 'text-muted' : 'text-bad')}
      />
      <div className="min-w-0 space-y-2">
        <p className={compact ? 'font-semibold' : 'text-lg font-semibold'}>
          {title ?? known?.title ?? 'This did not work'}
        </p>
        {!more.some((reason) => reason.message === message) && <p>{message}</p>}
        <ReasonList reasons={more} />
        {onRetry && (
          <Button size="small" onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

const KNOWN: Partial<Record<string, { icon: typeof Lock; title: string }>> = {
  NoPermission: { icon: Lock, title: 'You have no permission for this' },
  NotFound: { icon: SearchX, title: 'This object does not exist' },
};
