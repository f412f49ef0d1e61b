// The end of filters' lives on a disk: what they save, and their closing. What one throws stops
// none of the others.
import { type Clock, sleep } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import { MIB } from '#lib/model/limits.ts';
import type { FilterFaultReport } from './chain.ts';
import type { OpenFilter } from './open-filter.ts';

/** What a filter may hand over at most, in bytes. */
const FILTER_STATE_BYTES_MAX = 16 * MIB;

/** A filter must have closed by then, in milliseconds; the world is closed without it. */
const CLOSE_MS = 10_000;

export interface CloseParts {
  clock: Clock;
  onFault(report: FilterFaultReport): void;
}

/**
 * Closes filters, guest first, so that what one writes back still passes those below it. Then
 * nothing of theirs is under way.
 */
export async function closeFilters(
  filters: readonly OpenFilter[],
  { clock, onFault }: CloseParts,
): Promise<void> {
  for (const filter of filters) {
    const closed = new AbortController();
    const late = sleep(clock, CLOSE_MS, closed.signal).then(() => 'late' as const);
    try {
      const end = await Promise.race([close(filter), late]);
      if (end === 'late') {
        const message = `not done within ${CLOSE_MS / 1000} s`;
        onFault({ filter: filter.name, operation: 'close', message });
      }
    } catch (thrown) {
      onFault({ filter: filter.name, operation: 'close', message: String(thrown) });
    }
    closed.abort();
  }
}

async function close({ hooks, own, line }: OpenFilter): Promise<void> {
  // It may write back what it holds: that goes on until the filter says that it has ended.
  own.release();
  try {
    await hooks.close?.();
  } finally {
    line?.close();
    await own.close();
  }
}

/**
 * State by filter name, of those that have any. Throws `FilterFault` naming the filter that cannot
 * tell.
 */
export function saveFilterStates(filters: readonly OpenFilter[]): Map<string, Uint8Array> {
  const states = new Map<string, Uint8Array>();
  for (const { name, hooks } of filters) {
    if (hooks.saveState === undefined) continue;
    const state = saveState(name, () => hooks.saveState?.());
    if (!(state instanceof Uint8Array) || state.length > FILTER_STATE_BYTES_MAX) {
      throw new Fault('FilterFault', `The filter ${name} saved no valid state.`, {
        data: { filter: name, operation: 'saveState' },
      });
    }
    states.set(name, state);
  }
  return states;
}

function saveState(name: string, save: () => unknown): unknown {
  try {
    return save();
  } catch (cause) {
    const message = `The filter ${name} could not save its state: ${String(cause)}`;
    const data = { filter: name, operation: 'saveState' };
    throw new Fault('FilterFault', message, { cause, data });
  }
}
