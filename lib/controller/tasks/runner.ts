// Runs tasks: claims rows by lease, calls their handlers, renews the leases, ends the rows. Any
// number of runners may work on one database; a task whose runner died is taken up by another when
// its lease has run out.
import type { Logger } from 'pino';
import { sleep } from '../../base/clock.ts';
import { Fault, toFaultRecord } from '../../model/fault.ts';
import type { Task } from '../database/generated/client.ts';
import { LeaseLost, type RunningTask, runTask } from './run-task.ts';
import type { TaskServices } from './task-context.ts';
import type { TaskKind } from './task-kind.ts';
import { claimTasks, endTask, releaseTasks, renewLeases, TASK_DEPTHS } from './task-store.ts';

const RENEW_MS = 4_000;
const POLL_MS = 3_000;
/**
 * Tasks at a time of each depth: as many children, and as many children of children, so that
 * parents that wait for them never block them.
 */
const TASKS_MAX = 24;
/** A task whose runner died so often is given up: it may well be the cause. */
const ATTEMPTS_MAX = 6;

export interface RunnerOptions {
  services: TaskServices;
  kinds: ReadonlyMap<string, TaskKind>;
  /** Tells this runner's leases from others'; new at each start. */
  owner: string;
  /** Stops the runner: what runs is given back to the queue. */
  signal: AbortSignal;
}

export class TaskRunner {
  readonly #services: TaskServices;
  readonly #kinds: ReadonlyMap<string, TaskKind>;
  readonly #owner: string;
  readonly #signal: AbortSignal;
  readonly #running = new Map<string, RunningTask>();
  #wake = new AbortController();

  constructor({ services, kinds, owner, signal }: RunnerOptions) {
    this.#services = services;
    this.#kinds = kinds;
    this.#owner = owner;
    this.#signal = signal;
  }

  /** Looks for work now: something was queued, ended or cancelled. */
  wake(): void {
    this.#wake.abort();
  }

  /** Works until the signal aborts, and resolves when all that ran has been given back. */
  async run(): Promise<void> {
    const { clock } = this.#services;
    const stop = () => this.#wake.abort();
    this.#signal.addEventListener('abort', stop);
    const renewing = this.#keepRenewing();
    while (!this.#signal.aborted) {
      this.#wake = new AbortController();
      await this.#attempt('claim tasks', () => this.#claim());
      if (!this.#signal.aborted) await sleep(clock, POLL_MS, this.#wake.signal);
    }
    this.#signal.removeEventListener('abort', stop);
    await this.#shutDown();
    await renewing;
  }

  async #claim(): Promise<void> {
    await this.#renew();
    for (const depth of TASK_DEPTHS) {
      const held = [...this.#running.values()].filter((running) => running.depth === depth);
      const limit = TASKS_MAX - held.length;
      if (limit <= 0) continue;
      const claimed = await claimTasks(this.#services.db, { owner: this.#owner, limit, depth });
      for (const task of claimed) this.#start(task, depth);
    }
  }

  #start(task: Task, depth: number): void {
    const stop = new AbortController();
    const done = this.#perform(task, stop).finally(() => {
      this.#running.delete(task.id);
      this.wake();
    });
    this.#running.set(task.id, { task, depth, stop, done });
  }

  async #perform(task: Task, stop: AbortController): Promise<void> {
    const { db } = this.#services;
    const logger: Logger = this.#services.logger.child({
      taskId: task.id,
      operation: task.operation,
    });
    try {
      const outcome =
        task.attempts > ATTEMPTS_MAX
          ? { state: 'error' as const, fault: toFaultRecord(givenUp()) }
          : await runTask({
              services: { ...this.#services, logger },
              kind: this.#kinds.get(task.operation),
              owner: this.#owner,
              task,
              stop,
            });
      if (outcome === null) return;
      if (outcome.fault?.fault === 'SystemError')
        logger.error({ fault: outcome.fault }, 'task failed');
      const ended = await endTask(db, this.#owner, task, outcome);
      logger.info({ state: outcome.state, ended }, 'task ended');
    } catch (error) {
      // The database is away: the lease runs out, and whoever sees the row then resumes it.
      logger.error({ err: error }, 'the end of a task could not be written');
    }
  }

  async #keepRenewing(): Promise<void> {
    const { clock } = this.#services;
    while (!this.#signal.aborted) {
      await sleep(clock, RENEW_MS, this.#signal);
      await this.#attempt('renew leases', () => this.#renew());
    }
  }

  /** Renews what is held; what is held no more is stopped without a word to the database. */
  async #renew(): Promise<void> {
    const ids = [...this.#running.keys()];
    if (ids.length === 0) return;
    const held = await renewLeases(this.#services.db, this.#owner, ids);
    const byId = new Map(held.map((row) => [row.id, row]));
    for (const id of ids) {
      const running = this.#running.get(id);
      const row = byId.get(id);
      if (!running) continue;
      if (!row) running.stop.abort(new LeaseLost());
      else if (row.cancelRequested && !running.stop.signal.aborted) {
        running.stop.abort(new Fault('RequestCanceled', 'The task was canceled.'));
      }
    }
  }

  async #shutDown(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { stop } of running) stop.abort(new LeaseLost());
    await Promise.all(running.map(({ done }) => done));
    const ids = running.map(({ task }) => task.id);
    if (ids.length > 0) {
      await this.#attempt('release tasks', () => releaseTasks(this.#services.db, this.#owner, ids));
    }
  }

  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#services.logger.warn({ err: error }, `could not ${what}`);
    }
  }
}

function givenUp(): Fault {
  return new Fault(
    'SystemError',
    `The task was given up: the controller ended ${ATTEMPTS_MAX} times while it ran.`,
  );
}
