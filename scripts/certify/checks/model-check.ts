// Does the disk behave like a plain array under random I/O, and are its numbers what it promised?
import type { Check, CheckContext, Outcome } from '../check.ts';
import { startTrial } from '../check.ts';
import { DiskLoad } from '../lab/disk-load.ts';
import { Failure, type Trial } from '../lab/trial.ts';

const DEPTH = 32;
const ROUNDS = 4;

export const modelCheck: Check = {
  id: 'model',
  title: 'Random I/O, compared with a plain array',
  async run(context: CheckContext): Promise<Outcome> {
    const trial = await startTrial(context);
    const load = new DiskLoad(trial, context.random);
    const numbers = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      await load.run({ operations: context.effort.operations / ROUNDS, depth: DEPTH });
      await checkStatistics(trial, context, numbers);
    }
    await load.verify('The last read of the whole disk');
    await load.flush();
    await trial.requireNoFaults();
    await trial.restart();
    await load.verify('A read after power off and on');
    await trial.requireNoFaults();
    await trial.stop();
    return { numbers: { operations: load.answered } };
  },
};

/** Every number is one that the definition names; a counter never goes back. */
async function checkStatistics(
  trial: Trial,
  { candidate }: CheckContext,
  before: Map<string, number>,
): Promise<void> {
  const named = new Map(candidate.manifest.statistics.map((each) => [each.name, each]));
  for (const [name, value] of Object.entries(await trial.candidateStatistics())) {
    const statistic = named.get(name);
    if (!statistic) throw new Failure(`It reports the number ${name}, which it does not declare.`);
    if (!Number.isFinite(value)) throw new Failure(`Its number ${name} is ${value}.`);
    const last = before.get(name) ?? 0;
    if (statistic.kind === 'counter' && value < last) {
      throw new Failure(`Its counter ${name} went back from ${last} to ${value}.`);
    }
    before.set(name, value);
  }
}
