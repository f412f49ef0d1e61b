// Whose fault an error is that nobody has caught: a filter may leave a promise behind, or throw in
// a callback that it gave to Node itself.
import { filtersInStack } from '../chain/load-code.ts';

/**
 * The filter whose code is nearest on the error's stack. What has no stack was thrown by no code of
 * ours; then it is the only filter there is. Null when it is not to be told.
 */
export function blame(thrown: unknown, filters: readonly string[]): string | null {
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  const names = [...new Set(filters)];
  if (stack !== undefined) return filtersInStack(stack)[0] ?? null;
  return names.length === 1 ? (names[0] ?? null) : null;
}

/** In one line, for a fault. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
