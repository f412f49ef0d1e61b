// Does memory grow with the I/O? The load stays on the same 4 MiB, so that a cache which has a
// limit is full after the warm-up. Node's own growth is taken off by the same load without the
// filter.
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { MIB } from '#lib/model/limits.ts';
import type { Check, CheckContext, Outcome } from '../check.ts';
import { startTrial } from '../check.ts';
import { Failure, type Trial } from '../lab/trial.ts';

const DEPTH = 16;
const IO_BYTES = 4096;
const AREA_BYTES = 4 * MIB;
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
  await exercise(trial, Math.max(8 * (AREA_BYTES / IO_BYTES), ios / 4));
  const before = (await trial.world.client.sample()).residentBytes;
  await exercise(trial, ios);
  const resident = (await trial.world.client.sample()).residentBytes;
  if (filter) await trial.requireNoFaults();
  await trial.stop();
  return { grown: resident - before, resident };
}

async function exercise(trial: Trial, ios: number): Promise<void> {
  const client = await trial.connect();
  const data = Buffer.alloc(IO_BYTES, 'a line of text that a guest might write\n');
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < ios) {
      next += 1;
      const offset = (next * IO_BYTES) % AREA_BYTES;
      const request =
        next % 3 === 0
          ? { command: COMMANDS.read, offset, length: IO_BYTES }
          : { command: COMMANDS.write, offset, data };
      const { error } = await trial.request(client, request);
      if (error !== 0) throw new Failure(`An I/O failed with error ${error}.`);
    }
  };
  await Promise.all(Array.from({ length: DEPTH }, worker));
  client.close();
}
