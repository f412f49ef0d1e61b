// What the filter costs: processor time of the world for each I/O, with and without it. Reported,
// not judged.
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { MIB } from '#lib/model/limits.ts';
import type { Check, CheckContext, Outcome } from '../check.ts';
import { startTrial } from '../check.ts';
import { Failure, type Trial } from '../lab/trial.ts';

const DEPTH = 32;
const IO_BYTES = 4096;
const AREA_BYTES = 4 * MIB;
const WARM_UP = 4000;
const IOS = 12_000;

export const overheadCheck: Check = {
  id: 'overhead',
  title: 'Cost of an I/O',
  async run(context: CheckContext): Promise<Outcome> {
    const bare = await startTrial(context, { filter: false, probe: false, checked: false });
    const own = await startTrial(context, { probe: false, checked: false });
    const numbers: Record<string, number> = {};
    for (const operation of ['read', 'write'] as const) {
      const without = await cost(bare, operation);
      const cpu = await cost(own, operation);
      numbers[`${operation}Ns`] = Math.round(cpu - without);
      numbers[`${operation}NsWithout`] = Math.round(without);
    }
    await bare.stop();
    await own.stop();
    return { numbers, notes: ['Nanoseconds of processor time for each I/O of 4 KiB.'] };
  },
};

/** Nanoseconds for each I/O. */
async function cost(trial: Trial, operation: 'read' | 'write'): Promise<number> {
  await exercise(trial, operation, WARM_UP);
  await trial.world.client.sample();
  await exercise(trial, operation, IOS);
  const { cpu, intervalMs } = await trial.world.client.sample();
  return (cpu * intervalMs * 1e6) / IOS;
}

async function exercise(trial: Trial, operation: 'read' | 'write', ios: number): Promise<void> {
  const client = await trial.connect();
  const data = Buffer.alloc(IO_BYTES, 'data of a guest, ');
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < ios) {
      next += 1;
      const offset = (next * IO_BYTES * 7) % AREA_BYTES;
      const request =
        operation === 'read'
          ? { command: COMMANDS.read, offset, length: IO_BYTES }
          : { command: COMMANDS.write, offset, data };
      const { error } = await trial.request(client, request);
      if (error !== 0) throw new Failure(`A ${operation} failed with error ${error}.`);
    }
  };
  await Promise.all(Array.from({ length: DEPTH }, worker));
  client.close();
}
