// Remembers when a few sampled I/Os began. An I/O has no identity that outlives a hook, so that it
// is known again by what it asks for; of two alike in flight at once the wrong one may be timed,
// which averages out.
import type { DiskIo } from '#lib/filter-sdk/filter.ts';

const PROBES = 16;

export class LatencyProbes {
  /** Probes whose I/O has not come back. */
  active = 0;
  readonly #offset = new Float64Array(PROBES);
  readonly #length = new Float64Array(PROBES);
  readonly #isRead = new Uint8Array(PROBES);
  /** Milliseconds; negative when the probe is free. */
  readonly #startedAt = new Float64Array(PROBES).fill(-1);
  #next = 0;

  /** When all probes are out, the oldest is given up. */
  begin(io: DiskIo, now: number): void {
    const probe = this.#next;
    this.#next = (probe + 1) % PROBES;
    if ((this.#startedAt[probe] ?? -1) < 0) this.active += 1;
    this.#offset[probe] = io.offset;
    this.#length[probe] = io.length;
    this.#isRead[probe] = io.operation === 'read' ? 1 : 0;
    this.#startedAt[probe] = now;
  }

  /** When the I/O began, or -1 when it was not sampled. */
  end(io: DiskIo): number {
    const { offset, length, operation } = io;
    if (operation !== 'read' && operation !== 'write') return -1;
    const isRead = operation === 'read' ? 1 : 0;
    for (let probe = 0; probe < PROBES; probe++) {
      const startedAt = this.#startedAt[probe] ?? -1;
      if (startedAt < 0 || this.#offset[probe] !== offset) continue;
      if (this.#length[probe] !== length || this.#isRead[probe] !== isRead) continue;
      this.#startedAt[probe] = -1;
      this.active -= 1;
      return startedAt;
    }
    return -1;
  }
}
