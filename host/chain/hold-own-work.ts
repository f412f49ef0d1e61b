// Makes what a disk's filters do on their own stand still, guest first: what the first one waits
// for may be done by those below it.
import { type Clock, sleep } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import type { OpenFilter } from './open-filter.ts';

/** What is under way must have ended by then, in milliseconds. */
const HOLD_MS = 20_000;

/**
 * Throws `Timedout` naming the filter whose I/O does not end; everything goes on then. Otherwise
 * each must be released.
 */
export async function holdOwnWork(filters: readonly OpenFilter[], clock: Clock): Promise<void> {
  for (const { name, own } of filters) {
    const held = new AbortController();
    const hold = own.hold().then(() => held.abort());
    await Promise.race([hold, sleep(clock, HOLD_MS, held.signal)]);
    if (held.signal.aborted) continue;
    for (const filter of filters) filter.own.release();
    throw new Fault('Timedout', `What the I/O filter ${name} began on its own does not end.`);
  }
}
