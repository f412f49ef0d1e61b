// Synchronous mode: holds the answers to changes until the target has them durably. A target that
// is away for too long is waited for on, or gone without: as the policy says.
import type { Deferral, FilterContext, FilterTimer, IoError } from '#lib/filter-sdk/filter.ts';

export interface AnswerGateParts {
  clock: FilterContext['clock'];
  /** How long answers wait, in milliseconds; null for as long as it takes. */
  patienceMs(): number | null;
  /** Answers go without the target from now on. */
  onDegraded(): void;
}

export class AnswerGate {
  readonly #parts: AnswerGateParts;
  /** In the order in which they came, with when. */
  readonly #held = new Map<Deferral, number>();
  #timer: FilterTimer | null = null;
  #isDegraded = false;

  constructor(parts: AnswerGateParts) {
    this.#parts = parts;
  }

  get isDegraded(): boolean {
    return this.#isDegraded;
  }

  hold(answer: Deferral): void {
    this.#held.set(answer, this.#parts.clock.monotonic());
    this.#arm();
  }

  /** The target has it. */
  release(answer: Deferral): void {
    if (this.#held.delete(answer)) answer.pass();
  }

  /** The target will never have what waits. */
  fail(error: IoError): void {
    this.#timer?.cancel();
    this.#timer = null;
    const all = [...this.#held.keys()];
    this.#held.clear();
    for (const answer of all) answer.fail(error);
  }

  /** The target has all, and answers wait for it again. */
  recover(): void {
    this.#isDegraded = false;
    this.#releaseAll();
  }

  /** Nothing waits any more until it has recovered. */
  degrade(): void {
    if (!this.#isDegraded) {
      this.#isDegraded = true;
      this.#parts.onDegraded();
    }
    this.#releaseAll();
  }

  #releaseAll(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const all = [...this.#held.keys()];
    this.#held.clear();
    for (const answer of all) answer.pass();
  }

  #arm(): void {
    const patience = this.#parts.patienceMs();
    const [oldest] = this.#held.values();
    if (this.#timer !== null || patience === null || oldest === undefined) return;
    const { clock } = this.#parts;
    this.#timer = clock.after(Math.max(1, oldest + patience - clock.monotonic()), () => {
      this.#timer = null;
      const [first] = this.#held.values();
      if (first === undefined) return;
      if (clock.monotonic() - first >= patience) this.degrade();
      else this.#arm();
    });
  }
}
