// The name of a system error (ENOENT, EEXIST, …) in something thrown.

/** Null when what was thrown is no system error. */
export function errnoOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !('code' in thrown)) return null;
  return typeof thrown.code === 'string' ? thrown.code : null;
}
