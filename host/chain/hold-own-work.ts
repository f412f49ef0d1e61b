// Makes what a disk's filters do on their own stand still, guest first: what the first one waits
// for may be done by those below it.
import { type Clock, sleep } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import type { OpenFilter } from './open-filter.ts';

/** What is under way must have ended by then, in milliseconds. */
const HOLD_MS = 20_000;

/** The same, when what is under way may be waiting for space, in milliseconds. */
const WAITING_HOLD_MS = 2_000;

/**
 * Throws `Timedout` naming the filter whose I/O does not end; everything goes on then. Otherwise
 * each must be released. With `evenWaiting`, I/O that does not end is left to wait for space below;
 * what writes sidecars must end all the same.
 */
export async function holdOwnWork(
  filters: readonly OpenFilter[],
  clock: Clock,
  evenWaiting = false,
): Promise<void> {
  for (const { name, own } of filters) {
    const held = new AbortController();
    const hold = own.hold().then(() => held.abort());
    await Promise.race([hold, sleep(clock, evenWaiting ? WAITING_HOLD_MS : HOLD_MS, held.signal)]);
    if (held.signal.aborted || (evenWaiting && !own.isWritingSidecar)) continue;
    for (const filter of filters) filter.own.release();
    throw new Fault('Timedout', `What the I/O filter ${name} began on its own does not end.`);
  }
}
