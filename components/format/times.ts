// Moments and spans of time as words: absolute for hovering, relative for lists, durations for
// tasks. Pure.

/** Local date and time with seconds: what a hover shows, and what is pasted into a ticket. */
export function formatMoment(at: string | number, locale?: string): string {
  return new Date(at).toLocaleString(locale, {
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}

/** Time of day within the last 20 hours, else the date too: for columns. */
export function formatShortMoment(at: string | number, now: number, locale?: string): string {
  const moment = new Date(at);
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  const recent = Math.abs(now - moment.getTime()) < 20 * 3_600_000;
  if (recent) return moment.toLocaleTimeString(locale, time);
  return moment.toLocaleString(locale, { month: 'short', day: '2-digit', ...time });
}

const STEPS = [
  { unit: 'day', ms: 86_400_000 },
  { unit: 'hour', ms: 3_600_000 },
  { unit: 'minute', ms: 60_000 },
  { unit: 'second', ms: 1_000 },
] as const;

/** "5 minutes ago". Under two seconds, and in a future that is only clock skew: "just now". */
export function formatRelative(at: string | number, now: number, locale?: string): string {
  const span = new Date(at).getTime() - now;
  if (span > -2_000 && span < 5_000) return 'just now';
  const step = STEPS.find(({ ms }) => Math.abs(span) >= ms) ?? STEPS[3];
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });
  return format.format(Math.trunc(span / step.ms), step.unit);
}

/** Milliseconds → "850 ms", "12.4 s", "3 min 05 s", "2 h 07 min". */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}
