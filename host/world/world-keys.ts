// The keys of a world: they come over its control socket after its start, and stand in memory
// alone.
import { type Clock, sleep } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import { Fault } from '#lib/model/fault.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';
import { KeyRing } from '../crypto/key-ring.ts';

/** They must have come by then, in milliseconds. */
const ARRIVAL_MS = 60_000;

export interface WorldKeysParts {
  clock: Clock;
  random: Random;
  /** Whether any will come. */
  awaited: boolean;
}

export class WorldKeys {
  readonly ring: KeyRing;
  readonly #clock: Clock;
  readonly #come = new AbortController();

  constructor({ clock, random, awaited }: WorldKeysParts) {
    this.ring = new KeyRing(random);
    this.#clock = clock;
    if (!awaited) this.#come.abort();
  }

  get isWaiting(): boolean {
    return !this.#come.signal.aborted;
  }

  add(keys: readonly GivenKey[]): void {
    this.ring.add(keys);
    this.#come.abort();
  }

  /** At once when none will come. Throws `KeyNotAvailable` when none have come in time. */
  async arrived(): Promise<void> {
    if (!this.#come.signal.aborted) await sleep(this.#clock, ARRIVAL_MS, this.#come.signal);
    if (this.#come.signal.aborted) return;
    throw new Fault('KeyNotAvailable', 'The keys of the disks were not handed over in time.');
  }
}
