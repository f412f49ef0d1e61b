// Tests of how fast a copy is brought up to date: as fast as the disk is read when the guest rests,
// and half as fast beside a guest that works.
import { expect, test } from 'vitest';
import { HarnessClock } from '#lib/filter-sdk/filter-harness.ts';
import { ChangeOrder } from '../change-order.ts';
import { RecordStream } from '../record-stream.ts';
import { RegionMap } from '../region-map.ts';
import { Resync } from './resync.ts';

const MIB = 1024 * 1024;
const READ_MS = 10;

/** Pieces that are read in a second, each of which takes some milliseconds. */
async function readsInASecond(isBusy: boolean): Promise<number> {
  const clock = new HarnessClock();
  const toSend = new RegionMap(1024 * MIB);
  toSend.add(0, 1024 * MIB);
  let reads = 0;
  const stream = new RecordStream({
    ...{ clock, isPrompt: () => false, session: () => 1, send: () => true },
    ...{ onOverflow: () => undefined, onLost: () => undefined },
  });
  stream.start(0, 1_000_000);
  const resync = new Resync({
    below: {
      read: (_offset, length) => {
        reads += 1;
        return new Promise((resolve) => {
          clock.after(READ_MS, () => resolve(new Uint8Array(length)));
        });
      },
      ...{ write: neverAsked, writeZeroes: neverAsked, trim: neverAsked, flush: neverAsked },
    },
    ...{ clock, stream, order: new ChangeOrder(), toSend: () => toSend },
    ...{ onSent: () => undefined, onDone: () => undefined },
    onTrouble: (message) => expect.fail(message),
  });
  resync.start({ skipsZeroes: false });
  for (let passed = 0; passed < 1000; passed++) {
    if (isBusy) resync.guestWorks();
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    clock.advance(1);
  }
  resync.stop();
  return reads;
}

function neverAsked(): Promise<never> {
  return Promise.reject(new Error('it only reads'));
}

test('beside a guest that works it takes half of the time', async () => {
  const [idle, busy] = [await readsInASecond(false), await readsInASecond(true)];
  expect(idle).toBeGreaterThanOrEqual(90);
  expect(busy).toBeGreaterThanOrEqual(40);
  expect(busy).toBeLessThanOrEqual(52);
});
