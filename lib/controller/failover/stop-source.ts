// The first step of a planned move: the source is powered off while its targets answer, and each of
// them says that it has all there was. Its proof is a mark that the source sets last, behind
// everything that its targets had before.
import { z } from 'zod';
import { sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { runChild } from '../replication/run-child.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { powerOff } from '../vms/power-off.ts';
import { type CopyNow, readCopiesNow } from './copies-now.ts';
import type { ObservedFailover } from './fail-over.ts';

const PROOF_MS = 60_000;
const POLL_MS = 500;

/** How far each copy went before the source was told to stop. */
const checkpointSchema = z.object({ before: z.record(z.string(), z.number()) });

/** Throws `InvalidState` when it is not proved within a minute that a copy has everything. */
export async function stopSource(
  context: TaskContext,
  { source, copies }: ObservedFailover,
): Promise<void> {
  const { before } = context.checkpoint(checkpointSchema) ?? (await begin(context));
  await context.progress(5, `Powering off ${source.name}`);
  await runChild(context, powerOff, { vmId: source.id }, { targetId: source.id });
  await context.progress(10, 'Waiting until the target has everything');
  const until = context.clock.monotonic() + PROOF_MS;
  for (;;) {
    const now = await readCopiesNow(context, source, copies);
    const [open] = now.filter((copy) => !isProved(copy, before));
    if (open === undefined) return;
    if (context.clock.monotonic() > until) throw notProved(open, source.name);
    await sleep(context.clock, POLL_MS, context.signal);
  }

  async function begin({ saveCheckpoint }: TaskContext) {
    const now = await readCopiesNow(context, source, copies);
    const entries = now.map(({ report }) => [report.diskId, report.durable]);
    const checkpoint = { before: Object.fromEntries(entries) };
    await saveCheckpoint(checkpoint);
    return checkpoint;
  }
}

/** A mark that was there before says nothing of what came since. */
function isProved({ report }: CopyNow, before: Record<string, number>): boolean {
  const { closed, needsResync, durable, diskId } = report;
  return closed && !needsResync && durable > (before[diskId] ?? Number.POSITIVE_INFINITY);
}

function notProved({ label, target }: CopyNow, name: string): Fault {
  const message = `${target.name} does not say that it has everything of ${label} of ${name}.`;
  const remedy =
    'Wait until its disks are in sync and try again, or fail over without a planned move.';
  return new Fault('InvalidState', message, {
    reasons: [{ fault: 'InvalidState', message, remedy }],
  });
}
