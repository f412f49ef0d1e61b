// Tests of the load on a disk on trial, in a real world.
import { expect, test } from 'vitest';
import { WorldHarness } from '#host/world/world-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { MIB, NBD_CONNECTIONS_MAX } from '#lib/model/limits.ts';
import { DiskLoad } from './disk-load.ts';
import { Trial } from './trial.ts';

test('goes on as long as anybody likes: what has no more I/O is disconnected', async () => {
  const harness = await WorldHarness.create();
  try {
    const disk = { diskIndex: 1, sizeBytes: MIB };
    const trial = await Trial.start({
      ...{ harness, filter: null, probe: null, checked: false },
      ...disk,
    });
    const load = new DiskLoad(trial, new XorShift(3));
    for (let round = 0; round < NBD_CONNECTIONS_MAX / 2; round++) {
      await load.run({ operations: 2, depth: 2 });
      await load.flush();
      await load.verify('A read');
    }
    expect(load.answered).toBe(NBD_CONNECTIONS_MAX);
    await trial.stop();
  } finally {
    await harness.dispose();
  }
}, 120_000);
