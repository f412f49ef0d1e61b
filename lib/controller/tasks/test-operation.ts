// For tests of the task framework: an operation on a host that counts its steps in the events, and
// a runner for it, which a test may also start as a process of its own and kill: node
// test-operation.ts DATABASE_URL OWNER.
import { pino } from 'pino';
import { z } from 'zod';
import { sleep } from '../../base/clock.ts';
import { systemClock } from '../../base/system-clock.ts';
import { systemRandom } from '../../base/system-random.ts';
import { Fault } from '../../model/fault.ts';
import { verdictOf } from '../../model/verdict.ts';
import { createAgents } from '../agents/agent-client.ts';
import { createDepotLinks } from '../agents/depot-links.ts';
import { type Database, openDatabase } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { runChild } from '../replication/run-child.ts';
import { createSealer } from '../secrets/sealer.ts';
import { defineOperation } from './operation.ts';
import { TaskRunner } from './runner.ts';
import type { TaskHandler, TaskServices } from './task-context.ts';
import { taskKind } from './task-kind.ts';

const inputSchema = z.object({
  hostId: z.string(),
  steps: z.number().int(),
  /** The step before which it waits until it is killed or cancelled; only in the first run. */
  hangAt: z.number().int().optional(),
  /** So many children below each other, on hosts of their own, and each waits for the next. */
  below: z.array(z.string()).default([]),
});
type Input = z.infer<typeof inputSchema>;

export const countSteps = defineOperation({
  key: 'Test.countSteps',
  label: 'Count steps',
  input: inputSchema,
  cancelable: true,
  async observe(tx, { hostId }) {
    const host = await tx.host.findUnique({ where: { id: hostId } });
    if (!host) throw new Fault('NotFound', `There is no host ${hostId}.`);
    return { target: host };
  },
  privileges: (_, { hostId }) => [{ privilege: 'Host.Config.Patch', objectId: hostId }],
  judge: (_, { steps }) =>
    verdictOf(steps > 0 ? [] : [{ fault: 'InvalidState', message: 'There is nothing to count.' }]),
});

const performCount: TaskHandler<Input> = async (context, { hostId, steps, hangAt, below }) => {
  const done = context.checkpoint(z.object({ done: z.number() }))?.done ?? 0;
  for (let step = done; step < steps; step++) {
    if (step === hangAt && done === 0) await sleep(context.clock, 60_000, context.signal);
    context.signal.throwIfAborted();
    await postEvent(context.db, {
      type: 'Step',
      severity: 'info',
      message: `Step ${step}.`,
      objects: [hostId],
      taskId: context.taskId,
    });
    await context.saveCheckpoint({ done: step + 1 });
    await context.progress(((step + 1) / steps) * 100, `step ${step}`);
  }
  const [next, ...others] = below;
  if (next !== undefined) {
    const input = { hostId: next, steps, below: others };
    await runChild(context, countSteps, input, { targetId: next });
  }
  return { steps };
};

export function makeTestRunner(db: Database, owner: string, signal: AbortSignal): TaskRunner {
  const secret = new Uint8Array(32);
  const services: TaskServices = {
    db,
    agents: createAgents(systemClock),
    depot: createDepotLinks({ publicUrl: 'http://127.0.0.1', secret, clock: systemClock }),
    sealer: createSealer(secret, systemRandom),
    clock: systemClock,
    random: systemRandom,
    logger: pino({ level: 'silent' }),
  };
  const kind = taskKind(countSteps, async () => performCount);
  return new TaskRunner({ services, kinds: new Map([[kind.key, kind]]), owner, signal });
}

const [, script, url, owner] = process.argv;
if (script === import.meta.filename && url && owner) {
  await makeTestRunner(openDatabase(url), owner, new AbortController().signal).run();
}
