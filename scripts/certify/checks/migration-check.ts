// The VM moves to a host with the next version of the filter and back, while its guest works.
import type { Check, CheckContext, Outcome } from '../check.ts';
import { chainWith, startTrial } from '../check.ts';
import { DiskLoad } from '../lab/disk-load.ts';

const DEPTH = 16;
const BETWEEN_MS = 200;

export const migrationCheck: Check = {
  id: 'migration',
  title: 'Migration to the next version and back, under load',
  async run(context: CheckContext): Promise<Outcome> {
    const { candidate, random } = context;
    const trial = await startTrial(context);
    const load = new DiskLoad(trial, random);
    await load.run({ operations: context.effort.operations / 10, depth: DEPTH });
    const pauses: number[] = [];
    for (const launch of [candidate.next.launch, candidate.launch]) {
      let over = false;
      const what = 'During a migration, a read';
      const running = load.run({ operations: Infinity, depth: DEPTH, what, until: () => over });
      // Awaited below; a rejection before that is not lost.
      running.catch(() => undefined);
      await settle();
      try {
        pauses.push(await trial.migrate(chainWith(context, launch)));
        await settle();
      } finally {
        over = true;
      }
      await running;
      await trial.requireNoFaults();
      await load.verify('After a migration, a read');
    }
    await load.flush();
    await trial.stop();
    const { version } = candidate.vib.inspection.descriptor;
    return {
      numbers: { longestPauseMs: Math.max(...pauses), operations: load.answered },
      notes: [`${version} → ${candidate.next.version} → ${version}`],
    };
  },
};

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
}
