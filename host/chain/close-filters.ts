// The end of filters' lives on a disk: what they save, and their closing. What one throws stops
// none of the others.
import { Fault } from '#lib/model/fault.ts';
import { MIB } from '#lib/model/limits.ts';
import type { FilterFaultReport } from './chain.ts';
import type { OpenFilter } from './open-filter.ts';

/** What a filter may hand over at most, in bytes. */
const FILTER_STATE_BYTES_MAX = 16 * MIB;

/** Closes filters, guest first, so that what one writes back still passes those below it. */
export async function closeFilters(
  filters: readonly OpenFilter[],
  onFault: (report: FilterFaultReport) => void,
): Promise<void> {
  for (const { name, hooks } of filters) {
    try {
      await hooks.close?.();
    } catch (thrown) {
      onFault({ filter: name, operation: 'close', message: String(thrown) });
    }
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
      throw new Fault('FilterFault', `The filter ${name} saved no valid state.`);
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
    throw new Fault('FilterFault', message, { cause });
  }
}
