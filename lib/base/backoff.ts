// How long to wait before the next attempt: doubling, with a ceiling.

export interface BackoffOptions {
  firstMs: number;
  maxMs: number;
}

/** The wait before attempt number `attempt` (0 is the first retry), in milliseconds. */
export function backoffMs({ firstMs, maxMs }: BackoffOptions, attempt: number): number {
  return Math.min(firstMs * 2 ** Math.min(attempt, 30), maxMs);
}
