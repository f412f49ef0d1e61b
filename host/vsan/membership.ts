// The configuration of an object as its one owner changes it. A change counts when a majority of
// the votes wrote it down; until a change that may have been written by some is settled, no write
// may be acknowledged.
import { Mutex } from '#lib/base/mutex.ts';
import { activeIds, isMajority, type ObjectConfig } from './object-config.ts';
import type { OwnerIdentity, Replica } from './replica.ts';

export class Membership {
  readonly owner: OwnerIdentity;
  #config: ObjectConfig;
  #number = 0;
  #settled = false;
  /** Every component that some configuration which might count calls active. */
  #maybeActive: Set<string>;
  readonly #mutex = new Mutex();
  readonly #replicas: () => Iterable<Replica>;

  /** `found` is the newest configuration that a majority which promised itself has. */
  constructor(owner: OwnerIdentity, found: ObjectConfig, replicas: () => Iterable<Replica>) {
    this.owner = owner;
    this.#config = found;
    this.#replicas = replicas;
    this.#maybeActive = new Set(activeIds(found));
  }

  get config(): ObjectConfig {
    return this.#config;
  }

  /** False while nobody knows which configuration counts. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whose copies a write must have reached. */
  get maybeActive(): ReadonlySet<string> {
    return this.#maybeActive;
  }

  /**
   * Has a majority write down the changed configuration; false when that failed, or the change is
   * refused with null. Nothing is written when nothing changes. One change at a time, each of the
   * outcome of the one before.
   */
  commit(change: (config: ObjectConfig) => ObjectConfig | null): Promise<boolean> {
    return this.#mutex.run(async () => {
      const before = this.#config;
      const wanted = change(before);
      if (wanted === null || activeIds(wanted).length === 0) return false;
      if (wanted === before && this.#settled) return true;
      this.#number += 1;
      const next = { ...wanted, term: this.owner.term, number: this.#number };
      this.#settled = false;
      for (const id of activeIds(next)) this.#maybeActive.add(id);
      const accepted = await this.#propose(before, next);
      // Both, so that whoever knows the old members alone meets one that knows the new.
      if (!isMajority(before, accepted) || !isMajority(next, accepted)) return false;
      this.#config = next;
      this.#maybeActive = new Set(activeIds(next));
      this.#settled = true;
      return true;
    });
  }

  /** Resolves with those that accepted, as soon as they are enough or all have answered. */
  #propose(before: ObjectConfig, next: ObjectConfig): Promise<Set<string>> {
    const accepted = new Set<string>();
    return new Promise((resolve) => {
      const asked = [...this.#replicas()].map(async (replica) => {
        if (!(await replica.propose(this.owner, next))) return;
        accepted.add(replica.id);
        if (isMajority(before, accepted) && isMajority(next, accepted)) resolve(accepted);
      });
      void Promise.all(asked).then(() => resolve(accepted));
    });
  }
}
