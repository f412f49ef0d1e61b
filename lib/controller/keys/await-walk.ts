// Waits until a filter has brought a disk to what its properties ask for, and shows how far it is.
import { sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { readFilterProgress } from '../../wire/agent/key-rpc.ts';
import { type AgentAddress, isUnreachable } from '../agents/agent-client.ts';
import type { TaskContext } from '../tasks/task-context.ts';

const POLL_MS = 1_000;

export interface Walk {
  host: AgentAddress;
  vmId: string;
  diskKey: number;
  diskLabel: string;
  /** Percent of the task when it begins, and when it ends. */
  from: number;
  to: number;
}

/** A host that does not answer is asked again. Throws `InvalidPowerState` when the VM went off. */
export async function awaitWalk(context: TaskContext, walk: Walk): Promise<void> {
  const { agents, clock, signal } = context;
  const { host, vmId, diskKey, diskLabel, from, to } = walk;
  for (;;) {
    signal.throwIfAborted();
    const found = await agents
      .call(host, readFilterProgress, { vmId, diskKey }, { signal })
      .catch((error: unknown) => {
        if (isUnreachable(error)) return null;
        throw error;
      });
    const filter = found?.progress.find(({ done }) => !done) ?? found?.progress[0];
    if (found && !filter) {
      throw new Fault('InvalidPowerState', `${diskLabel} is not in use any more; power on the VM.`);
    }
    if (filter?.done) return;
    if (filter) {
      const { percent, step, trouble } = filter;
      const why = trouble === '' ? '' : `: ${trouble}`;
      await context.progress(from + ((to - from) * percent) / 100, `${step} ${diskLabel}${why}`);
    }
    await sleep(clock, POLL_MS, signal);
  }
}
