// How much of a disk is moved to another key at a time: much while nobody asks for the disk, little
// while the guest works, and least when it has had to wait.

const MIB = 1024 * 1024;
const LEAST_BYTES = MIB;
const BUSY_BYTES = 2 * MIB;
const MOST_BYTES = 8 * MIB;
/** Under a speed limit a step takes about so long, in seconds. */
const LIMITED_STEP_SECONDS = 0.25;
const STEP_OF_LIMIT_BYTES = 64 * 1024;

export class WalkPace {
  #bytes = BUSY_BYTES;

  /** Length of the next step in bytes. The limit is in bytes per second; 0 for none. */
  stepBytes(limit: number): number {
    if (limit === 0) return this.#bytes;
    const steps = Math.floor((limit * LIMITED_STEP_SECONDS) / STEP_OF_LIMIT_BYTES);
    return Math.min(this.#bytes, Math.max(steps, 1) * STEP_OF_LIMIT_BYTES);
  }

  /** A step is over: how many I/Os the guest did meanwhile, and whether one had to wait. */
  stepped({ guestIos, waited }: { guestIos: number; waited: boolean }): void {
    if (waited) this.#bytes = LEAST_BYTES;
    else if (guestIos > 0) this.#bytes = BUSY_BYTES;
    else this.#bytes = Math.min(this.#bytes * 2, MOST_BYTES);
  }
}
