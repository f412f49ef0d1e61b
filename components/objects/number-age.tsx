'use client';
// How old the numbers beside it are; a warning once they are older than they should be, unless
// there was nothing to measure. Props: `at` (ms, null when nothing was measured yet), `idle` (what
// is measured answers, and did nothing since). `useIsStale` tells the same to what draws the
// numbers.
import { formatDuration } from '../format/times.ts';
import { Badge } from '../ui/badge.tsx';
import { useNow } from '../ui/use-now.ts';

/** Measured once a second: older than this something is wrong, in milliseconds. */
const STALE_AFTER_MS = 10_000;

export interface NumberAgeProps {
  at: number | null;
  idle?: boolean;
}

export function NumberAge({ at, idle = false }: NumberAgeProps) {
  const now = useNow();
  if (idle && (at === null || now - at > STALE_AFTER_MS)) {
    const since = at === null || now === 0 ? '' : ` for ${formatDuration(now - at)}`;
    return <Badge tone="idle">{`Idle: no I/O${since}`}</Badge>;
  }
  if (at === null || now === 0) return <span className="text-sm text-muted">Not measured yet</span>;
  const age = Math.max(0, now - at);
  if (age > STALE_AFTER_MS)
    return <Badge tone="warn">{`Stale: measured ${formatDuration(age)} ago`}</Badge>;
  return <span className="text-sm text-muted">{`Live, ${formatDuration(age)} old`}</span>;
}

export function useIsStale(at: number | null, idle = false): boolean {
  const now = useNow();
  return !idle && at !== null && now !== 0 && now - at > STALE_AFTER_MS;
}
