// Does memory grow with the I/O? The load stays on the same 4 MiB, so that a cache which has a
// limit is full after the warm-up. Node's own growth is taken off by the same load without the
// filter.
import { MIB } from '#lib/model/limits.ts';
import type { Check, CheckContext, Outcome } from '../check.ts';
import { startTrial } from '../check.ts';
import { STEADY_AREA_BYTES, STEADY_IO_BYTES, steadyLoad } from '../lab/steady-load.ts';
import { Failure } from '../lab/trial.ts';

const DEPTH = 16;
/** More than the noise of a garbage collector. */
const GROWTH_BYTES_MAX = 32 * MIB;

export const memoryCheck: Check = {
  id: 'memory',
  title: 'Growth of memory',
  async run(context: CheckContext): Promise<Outcome> {
    const bare = await growth(context, false);
    const own = await growth(context, true);
    const grown = own.grown - Math.max(0, bare.grown);
    const perIo = grown / context.effort.memoryIos;
    if (grown > GROWTH_BYTES_MAX) {
      throw new Failure(
        `Memory grew by ${Math.round(grown / MIB)} MiB over ${context.effort.memoryIos} I/Os ` +
          `on the same 4 MiB, ${Math.round(perIo)} bytes for each.`,
      );
    }
    return {
      numbers: {
        ...{ ios: context.effort.memoryIos, bytesPerIo: Math.max(0, Math.round(perIo)) },
        residentMib: Math.round(own.resident / MIB),
        residentMibWithout: Math.round(bare.resident / MIB),
      },
    };
  },
};

async function growth(
  context: CheckContext,
  filter: boolean,
): Promise<{ grown: number; resident: number }> {
  const trial = await startTrial(context, { filter, probe: false, checked: false });
  const ios = context.effort.memoryIos;
  // Every block comes several times before the count begins.
  const warmUp = Math.max(8 * (STEADY_AREA_BYTES / STEADY_IO_BYTES), ios / 4);
  await steadyLoad(trial, { ios: warmUp, depth: DEPTH, kind: 'mixed' });
  const before = (await trial.world.client.sample()).residentBytes;
  await steadyLoad(trial, { ios, depth: DEPTH, kind: 'mixed' });
  const resident = (await trial.world.client.sample()).residentBytes;
  if (filter) await trial.requireNoFaults();
  await trial.stop();
  return { grown: resident - before, resident };
}
