// The built-in workloads of this host: each a process of its own that speaks NBD to the VM's
// socket, so that its I/O takes the same path as any client's. What they measured is kept, also
// over a restart of the agent.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { randomUuid } from '#lib/base/random.ts';
import { toFaultRecord } from '#lib/model/fault.ts';
import { type Workload, type WorkloadStatus, workloadStatusSchema } from '#lib/model/workload.ts';
import { type WorkloadJob, workloadMessageSchema } from '../workload/workload-job.ts';
import type { HostContext } from './host-context.ts';
import { Journal } from './store/journal.ts';

const PROGRAM = fileURLToPath(new URL('../workload/workload-main.ts', import.meta.url));
const KEPT = 200;
/** Reports show those that run and so many that ended. */
const SHOWN = 20;

export interface NewWorkload {
  vmId: string;
  diskKey: number;
  workload: Workload;
  job: WorkloadJob;
}

export class Workloads {
  readonly #host: HostContext;
  readonly #journal: Journal<typeof workloadStatusSchema>;
  readonly #statuses = new Map<string, WorkloadStatus>();
  readonly #children = new Map<string, ChildProcess>();

  private constructor(host: HostContext, journal: Journal<typeof workloadStatusSchema>) {
    this.#host = host;
    this.#journal = journal;
  }

  static async open(host: HostContext, path: string): Promise<Workloads> {
    const journal = await Journal.open({ path, schema: workloadStatusSchema, keep: KEPT });
    const workloads = new Workloads(host, journal);
    for (const status of journal.entries) workloads.#statuses.set(status.id, status);
    for (const status of workloads.list()) {
      if (status.state !== 'running') continue;
      const message = 'The host agent was restarted.';
      await workloads.#end({ ...status, state: 'failed', message });
    }
    return workloads;
  }

  list(): WorkloadStatus[] {
    const all = [...this.#statuses.values()];
    const running = all.filter(({ state }) => state === 'running');
    return [...all.filter(({ state }) => state !== 'running').slice(-SHOWN), ...running];
  }

  /** Returns the workload's id as soon as its process is started. */
  async start({ vmId, diskKey, workload, job }: NewWorkload): Promise<string> {
    const id = randomUuid(this.#host.random);
    const status: WorkloadStatus = {
      id,
      vmId,
      diskKey,
      workload,
      state: 'running',
      startedAt: this.#host.clock.now(),
      endedAt: null,
      completedIos: 0,
      completedBytes: 0,
      errors: 0,
      meanUs: 0,
      p99Us: 0,
      longestStallMs: 0,
      message: '',
    };
    await this.#journal.append(status);
    this.#statuses.set(id, status);
    const child = fork(PROGRAM, [JSON.stringify(job)], { stdio: 'ignore', execArgv: [] });
    this.#children.set(id, child);
    child.on('message', (message) => this.#take(id, message));
    child.on('error', (error) => this.#childEnded(id, error.message));
    child.once('exit', () => this.#childEnded(id, 'The process of the workload ended at once.'));
    this.#host.revision.bump();
    return id;
  }

  /** Idempotent; a workload that has ended stays as it ended. */
  stop(id: string): void {
    const child = this.#children.get(id);
    // One that is ending at this moment needs no telling.
    if (child?.connected) child.send({ stop: true }, () => undefined);
  }

  /** Ends all processes, as when the agent shuts down. */
  async close(): Promise<void> {
    for (const child of this.#children.values()) {
      if (child.connected) child.disconnect();
    }
    for (const status of this.list()) {
      if (status.state !== 'running') continue;
      await this.#end({ ...status, state: 'stopped', message: 'The host agent was stopped.' });
    }
    await this.#journal.close();
  }

  #take(id: string, message: unknown): void {
    const status = this.#statuses.get(id);
    const parsed = workloadMessageSchema.safeParse(message);
    if (status?.state !== 'running' || !parsed.success) return;
    const { state, message: text, numbers } = parsed.data;
    const next = { ...status, ...numbers, state, message: text };
    this.#statuses.set(id, next);
    this.#host.revision.bump();
    if (state !== 'running') this.#endLater(next);
  }

  #childEnded(id: string, message: string): void {
    this.#children.delete(id);
    const status = this.#statuses.get(id);
    if (status?.state === 'running') this.#endLater({ ...status, state: 'failed', message });
  }

  #endLater(status: WorkloadStatus): void {
    this.#end(status).catch((thrown: unknown) => {
      this.#host.logger.error({ fault: toFaultRecord(thrown) }, 'a result was not kept');
    });
  }

  async #end(status: WorkloadStatus): Promise<void> {
    const ended = { ...status, endedAt: this.#host.clock.now() };
    this.#statuses.set(status.id, ended);
    this.#host.revision.bump();
    await this.#journal.append(ended);
    for (const id of this.#statuses.keys()) {
      if (this.#statuses.size <= KEPT) break;
      this.#statuses.delete(id);
    }
  }
}
