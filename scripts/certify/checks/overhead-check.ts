// What the filter costs: processor time of the world for each I/O, with and without it. Reported,
// not judged.
import type { Check, CheckContext, Outcome } from '../check.ts';
import { startTrial } from '../check.ts';
import { steadyLoad } from '../lab/steady-load.ts';
import type { Trial } from '../lab/trial.ts';

const DEPTH = 32;
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
  await steadyLoad(trial, { ios: WARM_UP, depth: DEPTH, kind: operation });
  await trial.world.client.sample();
  await steadyLoad(trial, { ios: IOS, depth: DEPTH, kind: operation });
  const { cpu, intervalMs } = await trial.world.client.sample();
  return (cpu * intervalMs * 1e6) / IOS;
}
