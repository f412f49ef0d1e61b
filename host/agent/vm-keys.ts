// The keys that the controller has given this host, by VM, in memory alone. They go when the VM is
// off; a restart of the agent loses them, and the controller gives them again.
import type { Clock } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import { FormatError } from '#lib/formats/format-error.ts';
import { SealedBox, type SealedText } from '#lib/formats/sealed-box/sealed-box.ts';
import { Fault } from '#lib/model/fault.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import { requiredKeysOf } from '#lib/model/key.ts';
import { type GivenKey, givenKeysSchema } from '#lib/wire/agent/key-rpc.ts';
import { KeyRing, keyNotAvailable } from '../crypto/key-ring.ts';

/** For a VM that is off they are kept so long: the call that needs them follows at once. */
const IDLE_MS = 120_000;

export class VmKeys {
  /** What they are sealed for on their way here. */
  readonly box: SealedBox;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #rings = new Map<string, { ring: KeyRing; putAt: number }>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.box = new SealedBox(random);
  }

  /** As they travel. Throws `InvalidArgument` for those that were not sealed for this host. */
  putSealed(vmId: string, sealed: SealedText): void {
    try {
      this.put(vmId, givenKeysSchema.parse(JSON.parse(this.box.open(vmId, sealed))));
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new Fault('InvalidArgument', `The keys cannot be opened: ${cause.message}.`, { cause });
    }
  }

  put(vmId: string, keys: readonly GivenKey[]): void {
    const ring = this.#rings.get(vmId)?.ring ?? new KeyRing(this.#random);
    ring.add(keys);
    this.#rings.set(vmId, { ring, putAt: this.#clock.monotonic() });
  }

  /** What the VM's process is to be given. */
  of(vmId: string): GivenKey[] {
    return this.#rings.get(vmId)?.ring.list() ?? [];
  }

  /** Throws `KeyNotAvailable` naming each key that the filters want and the host does not have. */
  require(vmId: string, disks: readonly { filters: readonly DiskFilter[] }[]): void {
    const wanted = requiredKeysOf(disks.flatMap(({ filters }) => filters));
    const missing = this.#rings.get(vmId)?.ring.missing(wanted) ?? wanted;
    if (missing.length > 0) throw keyNotAvailable(missing);
  }

  forget(vmId: string): void {
    this.#rings.get(vmId)?.ring.forget();
    this.#rings.delete(vmId);
  }

  /** Forgets those of VMs that are not on, unless they came just now. */
  sweep(isOn: (vmId: string) => boolean): void {
    const before = this.#clock.monotonic() - IDLE_MS;
    for (const [vmId, { putAt }] of this.#rings) {
      if (putAt < before && !isOn(vmId)) this.forget(vmId);
    }
  }
}
