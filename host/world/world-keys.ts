// The keys of a world: they come over its control socket after its start, and stand in memory
// alone.
import { type Clock, sleep } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import { type Sealed, SealedBox } from '#lib/formats/sealed-box/sealed-box.ts';
import { Fault } from '#lib/model/fault.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import { keysOf } from '#lib/model/key.ts';
import { decodeKeys, type HostKey } from '#lib/wire/agent/key-bytes.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';
import { KeyRing } from '../crypto/key-ring.ts';

/** What its keys are sealed for, on their way from the agent. */
export const WORLD_KEYS = 'a virtual machine’s process';

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
  readonly #random: Random;
  /** Most worlds are never given keys. */
  #box: SealedBox | null = null;
  readonly #come = new AbortController();

  constructor({ clock, random, awaited }: WorldKeysParts) {
    this.ring = new KeyRing(random);
    this.#clock = clock;
    this.#random = random;
    if (!awaited) this.#come.abort();
  }

  get isWaiting(): boolean {
    return !this.#come.signal.aborted;
  }

  get box(): SealedBox {
    this.#box ??= new SealedBox(this.#random);
    return this.#box;
  }

  /** Throws FormatError for what was not sealed for this process. */
  addSealed(sealed: Sealed): void {
    const bytes = this.box.open(WORLD_KEYS, sealed);
    this.add(decodeKeys(bytes));
    bytes.fill(0);
  }

  add(keys: readonly (GivenKey | HostKey)[]): void {
    this.ring.add(keys);
    this.#come.abort();
  }

  /** Forgets those that the filters of no disk name any more. */
  keepOnly(filters: readonly DiskFilter[]): void {
    this.ring.keepOnly(keysOf(filters));
  }

  /** At once when none will come. Throws `KeyNotAvailable` when none have come in time. */
  async arrived(): Promise<void> {
    if (!this.#come.signal.aborted) await sleep(this.#clock, ARRIVAL_MS, this.#come.signal);
    if (this.#come.signal.aborted) return;
    throw new Fault('KeyNotAvailable', 'The keys of the disks were not handed over in time.');
  }
}
