// Keeps the claim beside the disk: made before the first write stands in the log alone, given up
// after the last has gone down, and its count of bytes about right in between.
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

  /** One that stands there already. */
  adopt(claim: Claim): void {
    this.#claim = claim;
  }

  /** Resolves when it is durable. Rejects when it cannot be written. */
  async make(claim: Claim): Promise<void> {
    await this.#context.sidecar.write(encodeClaim(claim));
    this.#claim = claim;
  }

  async giveUp(): Promise<void> {
    await this.#context.sidecar.write(encodeClaim(null));
    this.#claim = null;
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
    if (this.#claim === null) return;
    this.#calls = 0;
    await this.make({ ...this.#claim, dirtyBytes }).catch((thrown: unknown) => {
      this.#context.log('warning', `The count of dirty bytes could not be kept: ${thrown}`);
    });
  }
}
