// Where a world's operations are asked for: one that is asked for again by its mark is joined, or
// answered again, because the agent that asked may have died meanwhile.
import { Fault } from '#lib/model/fault.ts';
import type { Transfer } from '#lib/model/transfer.ts';
import type { OperationProgress, OperationResult } from './operation.ts';

const ANSWERS_KEPT = 32;

export interface OperationHandle {
  /** Aborts when the operation shall stop and leave all as it was. */
  signal: AbortSignal;
  progress(step: string, percent: number, transfer?: Transfer): void;
}

export class OperationDesk {
  readonly #answers = new Map<string, Promise<OperationResult>>();
  #running: { shown: OperationProgress; controller: AbortController } | null = null;

  /** How far the one under way is; null when there is none. */
  get shown(): OperationProgress | null {
    return this.#running?.shown ?? null;
  }

  /** Does the work unless it was asked for before. */
  run(
    mark: string,
    work: (handle: OperationHandle) => Promise<OperationResult>,
  ): Promise<OperationResult> {
    const known = this.#answers.get(mark);
    if (known) return known;
    const answer = this.#execute(mark, work);
    this.#answers.set(mark, answer);
    for (const old of this.#answers.keys()) {
      if (this.#answers.size <= ANSWERS_KEPT) break;
      this.#answers.delete(old);
    }
    return answer;
  }

  /** Nothing happens when it is over, or was never begun. */
  cancel(mark: string): void {
    if (this.#running?.shown.mark === mark) this.#running.controller.abort();
  }

  async #execute(
    mark: string,
    work: (handle: OperationHandle) => Promise<OperationResult>,
  ): Promise<OperationResult> {
    if (this.#running) {
      throw new Fault('TaskInProgress', 'Another operation is under way on the virtual machine.');
    }
    const controller = new AbortController();
    const shown: OperationProgress = { mark, step: '', progress: 0, transfer: null };
    const running = { shown, controller };
    this.#running = running;
    try {
      return await work({
        signal: controller.signal,
        progress: (step, progress, transfer) => {
          running.shown = { mark, step, progress, transfer: transfer ?? null };
        },
      });
    } finally {
      this.#running = null;
    }
  }
}

/** Throws `RequestCanceled` when the signal has aborted. */
export function requireNotCanceled(signal: AbortSignal): void {
  if (signal.aborted) throw new Fault('RequestCanceled', 'The operation was cancelled.');
}
