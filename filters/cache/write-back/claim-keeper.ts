// Keeps the claim beside the disk: made before the first write stands in the log alone, given up
// after the last has gone down, and its count of bytes about right in between.

import { Mutex } from '#lib/base/mutex.ts';
import type { FilterContext } from '#lib/filter-sdk/filter.ts';
import { type Claim, encodeClaim } from './claim.ts';

/** The count may be so old, in calls of `refresh`. */
const CALLS = 10;

export class ClaimKeeper {
  readonly #context: Pick<FilterContext, 'sidecar' | 'log'>;
  #claim: Claim | null = null;
  #calls = 0;

  constructor(context: Pick<FilterContext, 'sidecar' | 'log'>) {
    this.#context = context;
  }

  /** One change after the other: a mirror may be lost while bytes are counted. */
  readonly #changes = new Mutex();

  /** One that stands there already. */
  adopt(claim: Claim): void {
    this.#claim = claim;
  }

  /** Resolves when it is durable. Rejects when it cannot be written. */
  make(claim: Claim): Promise<void> {
    return this.#change(() => claim);
  }

  giveUp(): Promise<void> {
    return this.#change(() => null);
  }

  /** Does nothing without a claim: there is nothing that the mirror lacks then. */
  async dropMirror(): Promise<void> {
    await this.#change((claim) => claim && { ...claim, mirror: null });
  }

  isStale(dirtyBytes: number): boolean {
    return this.#claim !== null && this.#claim.dirtyBytes !== dirtyBytes;
  }

  /** To be called about once a second: whether it is time to count again. */
  isDue(dirtyBytes: number): boolean {
    this.#calls += 1;
    return this.#calls >= CALLS && this.isStale(dirtyBytes);
  }

  async count(dirtyBytes: number): Promise<void> {
    this.#calls = 0;
    const counted = this.#change((claim) => claim && { ...claim, dirtyBytes });
    await counted.catch((thrown: unknown) => {
      this.#context.log('warning', `The count of dirty bytes could not be kept: ${thrown}`);
    });
  }

  #change(next: (claim: Claim | null) => Claim | null): Promise<void> {
    return this.#changes.run(async () => {
      const claim = next(this.#claim);
      // Nothing to keep, and nothing that stands there.
      if (claim === null && this.#claim === null) return;
      await this.#context.sidecar.write(encodeClaim(claim));
      this.#claim = claim;
    });
  }
}
