// Moments on the line of a journal: how a share of the window becomes a moment, and bars of how
// much was written. Pure.

export interface Window {
  /** Milliseconds since the epoch. */
  from: number;
  to: number;
}

/** The window that both ends name; null when there is none. */
export function windowOf(from: string | null, to: string | null): Window | null {
  if (from === null || to === null) return null;
  // A chosen moment is a whole millisecond, and must not be before the first record.
  return { from: Math.ceil(Date.parse(from)), to: Date.parse(to) };
}

/** Where a moment stands on the line, from 0 to 1; null outside of it. */
export function placeOf(at: number, { from, to }: Window): number | null {
  if (at < from || at > to) return null;
  return to === from ? 1 : (at - from) / (to - from);
}

/** A moment inside the window. */
export function clamped(at: number, { from, to }: Window): number {
  return Math.min(Math.max(at, from), to);
}

/** So many moments from one end to the other, evenly. */
export function momentsBetween({ from, to }: Window, count: number): number[] {
  if (to === from) return [from];
  return Array.from({ length: count }, (_, index) => from + ((to - from) * index) / (count - 1));
}

/** Heights from 0 to 1, each of some bytes against the most. */
export function barHeights(bytes: readonly number[]): number[] {
  const most = Math.max(...bytes, 1);
  return bytes.map((each) => (each === 0 ? 0 : Math.max(0.04, each / most)));
}
