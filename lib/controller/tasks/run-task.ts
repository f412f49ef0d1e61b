// Runs the handler of one claimed task and says how it ended.
import type { Json } from '../../base/json.ts';
import { Fault, toFaultRecord } from '../../model/fault.ts';
import { TransferMeter } from '../../model/transfer.ts';
import type { Task } from '../database/generated/client.ts';
import { isDatabaseAway } from './is-database-away.ts';
import type { TaskContext, TaskServices } from './task-context.ts';
import type { TaskKind } from './task-kind.ts';
import { type TaskOutcome, updateTask } from './task-store.ts';

/** Why a handler is stopped without ending its task: another runner goes on with it. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export interface RunningTask {
  task: Task;
  /** How many parents stand above it. */
  depth: number;
  stop: AbortController;
  done: Promise<void>;
}

/** Null when the lease was lost, the runner stops, or the database is away: another run follows. */
export async function runTask(run: {
  services: TaskServices;
  kind: TaskKind | undefined;
  owner: string;
  task: Task;
  stop: AbortController;
}): Promise<TaskOutcome | null> {
  const { kind, task, stop } = run;
  try {
    if (!kind) throw new Fault('SystemError', `No handler knows the operation ${task.operation}.`);
    if (task.cancelRequested) stop.abort(new Fault('RequestCanceled', 'The task was canceled.'));
    const result = await kind.run(makeContext(run), task.input);
    return { state: 'success', ...(result === undefined ? {} : { result }) };
  } catch (error) {
    const { signal } = stop;
    if (error instanceof LeaseLost || signal.reason instanceof LeaseLost) return null;
    // No fault of the task: it goes on when its lease has run out and the database is back.
    if (isDatabaseAway(error)) return null;
    // What says itself how far it came is heard; anything else is a consequence of the stop.
    const says = error instanceof Fault && error.fault === 'RequestCanceled';
    const fault = toFaultRecord(signal.aborted && !says ? signal.reason : error);
    const canceled = signal.aborted || says;
    return { state: canceled ? 'canceled' : 'error', fault };
  }
}

function makeContext({
  services,
  owner,
  task,
  stop,
}: {
  services: TaskServices;
  owner: string;
  task: Task;
  stop: AbortController;
}): TaskContext {
  let kept: Json | null =
    task.checkpoint === null ? null : JSON.parse(JSON.stringify(task.checkpoint));
  let shown = '';
  const meter = new TransferMeter();
  async function update(change: Parameters<typeof updateTask>[3]): Promise<void> {
    const held = await updateTask(services.db, owner, task.id, change);
    if (held) return;
    const lost = new LeaseLost();
    stop.abort(lost);
    throw lost;
  }
  return {
    ...services,
    taskId: task.id,
    operation: task.operation,
    initiator: task.initiator,
    signal: stop.signal,
    async progress(percent, step, copied = null) {
      const progress = Math.min(99, Math.max(0, Math.round(percent)));
      const text = `${progress} ${step} ${copied?.doneBytes ?? ''}`;
      if (text === shown) return;
      shown = text;
      const transfer = copied && meter.measure(services.clock.monotonic(), copied);
      await update({ progress, step, transfer });
    },
    checkpoint(schema) {
      const parsed = schema.safeParse(kept);
      return parsed.success ? parsed.data : null;
    },
    async saveCheckpoint(value) {
      await update({ checkpoint: value });
      kept = value;
    },
  };
}
