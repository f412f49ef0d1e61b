'use client';
// Times in lists: relative, with the absolute one on hover; and the length of what runs or ran.
// Age props: `at` (ISO text or ms), `short` for the time of day. Elapsed props: `from`, `to`
// (null: still running).
import {
  formatDuration,
  formatMoment,
  formatRelative,
  formatShortMoment,
} from '../format/times.ts';
import { useNow } from './use-now.ts';

export interface AgeProps {
  at: string | number | null;
  short?: boolean;
}

export function Age({ at, short = false }: AgeProps) {
  const now = useNow();
  if (at === null) return <span className="text-muted">Never</span>;
  if (now === 0) return <span />;
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={formatMoment(at)}
      className="whitespace-nowrap"
    >
      {short ? formatShortMoment(at, now) : formatRelative(at, now)}
    </time>
  );
}

export interface ElapsedProps {
  from: string | number | null;
  to: string | number | null;
}

export function Elapsed({ from, to }: ElapsedProps) {
  const now = useNow();
  if (from === null || (to === null && now === 0)) return <span className="text-muted">–</span>;
  const end = to === null ? now : new Date(to).getTime();
  return (
    <span className="whitespace-nowrap">{formatDuration(end - new Date(from).getTime())}</span>
  );
}
