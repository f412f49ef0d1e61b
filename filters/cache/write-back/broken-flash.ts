// When the flash has failed, memory still has all that is dirty: it must go down, and is tried for
// a while when the storage fails as well.
import type { FilterContext } from '#lib/filter-sdk/filter.ts';
import type { DirtyData } from './dirty-data.ts';

/** Attempts, a second apart. */
const ATTEMPTS = 30;
const PAUSE_MS = 1000;

/** Throws the storage's last error when it has given up. */
export async function writeDownWithoutLog(
  dirty: DirtyData,
  clock: FilterContext['clock'],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await dirty.writeAllDown();
    } catch (thrown) {
      if (attempt === ATTEMPTS) throw thrown;
      await new Promise<void>((resolve) => {
        clock.after(PAUSE_MS, resolve);
      });
    }
  }
}
