// The keys that the controller has given this host, by VM, in memory alone. They go when the VM is
// off; a restart of the agent loses them, and the controller gives them again.
import type { Clock } from '#lib/base/clock.ts';
import type { Random } from '#lib/base/random.ts';
import { FormatError } from '#lib/formats/format-error.ts';
import { type Sealed, SealedBox } from '#lib/formats/sealed-box/sealed-box.ts';
import { Fault } from '#lib/model/fault.ts';
import type { DiskFilter } from '#lib/model/filter.ts';
import { keysOf, requiredKeysOf } from '#lib/model/key.ts';
import { decodeKeys, type HostKey } from '#lib/wire/agent/key-bytes.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';
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
  putSealed(vmId: string, sealed: Sealed): void {
    const bytes = this.#open(vmId, sealed);
    this.put(vmId, decodeKeys(bytes));
    bytes.fill(0);
  }

  put(vmId: string, keys: readonly (GivenKey | HostKey)[]): void {
    const ring = this.#rings.get(vmId)?.ring ?? new KeyRing(this.#random);
    ring.add(keys);
    this.#rings.set(vmId, { ring, putAt: this.#clock.monotonic() });
  }

  /** What the VM's process is to be given. */
  of(vmId: string): HostKey[] {
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

  /**
   * Forgets those of VMs that are not on, and those that no disk of a VM wants any more, unless
   * they came just now; `disksOf` is null for a VM that is not on.
   */
  sweep(disksOf: (vmId: string) => readonly { filters: readonly DiskFilter[] }[] | null): void {
    const before = this.#clock.monotonic() - IDLE_MS;
    for (const [vmId, { ring, putAt }] of this.#rings) {
      if (putAt >= before) continue;
      const disks = disksOf(vmId);
      if (disks === null) this.forget(vmId);
      else ring.keepOnly(keysOf(disks.flatMap(({ filters }) => filters)));
    }
  }

  #open(vmId: string, sealed: Sealed): Uint8Array {
    try {
      return this.box.open(vmId, sealed);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new Fault('InvalidArgument', `The keys cannot be opened: ${cause.message}.`, { cause });
    }
  }
}
