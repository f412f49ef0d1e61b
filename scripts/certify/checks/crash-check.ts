// kill -9 at any moment of the I/O, again and again: every promise that was made must hold.
import type { Check, CheckContext, Outcome } from '../check.ts';
import { startTrial } from '../check.ts';
import { DiskLoad } from '../lab/disk-load.ts';
import { Failure } from '../lab/trial.ts';

const DEPTH = 24;
const SLOWEST_KILL_MS = 400;

export const crashCheck: Check = {
  id: 'crash',
  title: 'kill -9 at any moment',
  async run(context: CheckContext): Promise<Outcome> {
    const { random, effort } = context;
    const trial = await startTrial(context);
    const load = new DiskLoad(trial, random);
    for (let round = 0; round < effort.crashes; round++) {
      let killed = false;
      const running = load
        .run({ operations: Number.MAX_SAFE_INTEGER, depth: DEPTH, until: () => killed })
        .catch((thrown: unknown) => {
          // The connection ends with the world. What was wrong before that counts.
          if (thrown instanceof Failure || !killed) throw thrown;
        });
      // Awaited below; a rejection before that is not lost.
      running.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, random.next() * SLOWEST_KILL_MS));
      await trial.requireNoFaults();
      killed = true;
      await trial.kill();
      await running;
      load.model.crash();
      await trial.reopen();
      await load.verify(`After kill -9 number ${round + 1}, a read`);
    }
    await trial.requireNoFaults();
    await trial.stop();
    return { numbers: { kills: effort.crashes, operations: load.answered } };
  },
};
