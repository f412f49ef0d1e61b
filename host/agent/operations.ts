// Operations by key: a repeated call joins the running one or gets the answer that was given
// before, across restarts of the agent too. What was running when the agent died has no answer, and
// is simply done again.
import { z } from 'zod';
import type { Json } from '#lib/base/json.ts';
import { type FaultRecord, fromFaultRecord, toFaultRecord } from '#lib/model/fault.ts';
import { faultRecordSchema } from '#lib/model/task.ts';
import type { Transfer } from '#lib/model/transfer.ts';
import type { HostOperation } from '#lib/wire/agent/host-rpc.ts';
import type { Revision } from './revision.ts';
import { Journal } from './store/journal.ts';

const RESULTS_KEPT = 1_000;
const SHOWN = 50;

const resultSchema = z.object({
  operationKey: z.string(),
  kind: z.string(),
  result: z.json().nullable(),
  fault: faultRecordSchema.nullable(),
});
type Result = z.infer<typeof resultSchema>;

/** Says how far an operation is: a word for the step, percent, and bytes while it copies. */
export type ReportProgress = (step: string, progress: number, transfer?: Transfer | null) => void;

/** What an operation's work is given. */
export interface OperationJob {
  report: ReportProgress;
  /** Aborts when somebody wants it to stop. */
  signal: AbortSignal;
}

interface Running {
  shown: HostOperation;
  controller: AbortController;
  result: Promise<Json>;
}

export class Operations {
  readonly #journal: Journal<typeof resultSchema>;
  readonly #revision: Revision;
  readonly #running = new Map<string, Running>();
  readonly #results: Map<string, Result>;

  private constructor(journal: Journal<typeof resultSchema>, revision: Revision) {
    this.#journal = journal;
    this.#revision = revision;
    this.#results = new Map(journal.entries.map((result) => [result.operationKey, result]));
  }

  static async open(path: string, revision: Revision): Promise<Operations> {
    const journal = await Journal.open({ path, schema: resultSchema, keep: RESULTS_KEPT });
    return new Operations(journal, revision);
  }

  /** Runs the work unless it runs or ran under this key. Throws the fault with which it ended. */
  async run(
    { operationKey, kind }: { operationKey: string; kind: string },
    work: (job: OperationJob) => Promise<Json>,
  ): Promise<Json> {
    const known = this.#results.get(operationKey);
    if (known?.fault) throw fromFaultRecord(known.fault);
    if (known) return known.result;
    const running = this.#running.get(operationKey);
    if (running) return running.result;
    const shown: HostOperation = {
      operationKey,
      kind,
      progress: 0,
      step: '',
      state: 'running',
      ...{ transfer: null, fault: null },
    };
    // Begun only when it stands in the list, so that its first step is seen.
    const controller = new AbortController();
    const { signal } = controller;
    const result = Promise.resolve().then(() => this.#execute(shown, signal, work));
    this.#running.set(operationKey, { shown, controller, result });
    this.#revision.bump();
    return result;
  }

  /** Asks a running operation to stop; nothing happens when it is over. */
  cancel(operationKey: string): void {
    this.#running.get(operationKey)?.controller.abort();
  }

  /** Asks all that run to stop. */
  cancelAll(): void {
    for (const { controller } of this.#running.values()) controller.abort();
  }

  /** Those that run, and the last ones that ended. */
  list(): HostOperation[] {
    const ended = [...this.#results.values()].slice(-SHOWN).map(
      ({ operationKey, kind, fault }): HostOperation => ({
        operationKey,
        kind,
        progress: 100,
        step: '',
        state: fault ? 'error' : 'success',
        ...{ transfer: null, fault },
      }),
    );
    return [...ended, ...[...this.#running.values()].map(({ shown }) => shown)];
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  async #execute(
    shown: HostOperation,
    signal: AbortSignal,
    work: (job: OperationJob) => Promise<Json>,
  ): Promise<Json> {
    const report: ReportProgress = (step, progress, transfer = null) => {
      shown.step = step;
      shown.transfer = transfer;
      shown.progress = Math.round(progress);
      this.#revision.bump();
    };
    try {
      const result = await work({ report, signal });
      await this.#finish(shown, result, null);
      return result;
    } catch (thrown) {
      await this.#finish(shown, null, toFaultRecord(thrown));
      throw thrown;
    }
  }

  async #finish(shown: HostOperation, result: Json, fault: FaultRecord | null): Promise<void> {
    const { operationKey, kind } = shown;
    const entry: Result = { operationKey, kind, result, fault };
    try {
      await this.#journal.append(entry);
      this.#results.set(operationKey, entry);
    } finally {
      this.#running.delete(operationKey);
      this.#revision.bump();
    }
    for (const key of this.#results.keys()) {
      if (this.#results.size <= RESULTS_KEPT) break;
      this.#results.delete(key);
    }
  }
}
