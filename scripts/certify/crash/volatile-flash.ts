// The write cache of a host's flash: what was written and not synchronized is in memory alone, and
// a kill loses it, as a loss of power does. A sync that is ended half-way has written the end of
// it and not the beginning.
import type { FlashFile, HostFlash } from '#lib/filter-sdk/host-flash.ts';

/** The name of the point at which what was written before is durable. */
export const SYNC_ENDED = 'sync of flash ended';

interface Written {
  position: number;
  data: Uint8Array;
}

/** `onPoint` is told of each step at which the process may end. */
export function withVolatileFlash(flash: HostFlash, onPoint: (name: string) => void): HostFlash {
  const { host, capacityBytes, take } = flash;
  const volatile = (file: FlashFile | null) => file && new VolatileFile(file, onPoint);
  return {
    host,
    capacityBytes,
    make: (...given) => new VolatileFile(flash.make(...given), onPoint),
    sweep: (...given) => flash.sweep(...given),
    find: (id) => volatile(flash.find(id)),
    // Only where there is one: without it a filter knows that files are never shared.
    ...(take === undefined ? {} : { take: (id: string) => volatile(take.call(flash, id)) }),
  };
}

class VolatileFile implements FlashFile {
  readonly id: string;
  readonly sizeBytes: number;
  readonly #file: FlashFile;
  readonly #onPoint: (name: string) => void;
  #written: Written[] = [];

  constructor(file: FlashFile, onPoint: (name: string) => void) {
    this.id = file.id;
    this.sizeBytes = file.sizeBytes;
    this.#file = file;
    this.#onPoint = onPoint;
  }

  read(position: number, target: Uint8Array): void {
    this.#file.read(position, target);
    for (const each of this.#written) {
      const from = Math.max(position, each.position);
      const end = Math.min(position + target.length, each.position + each.data.length);
      if (from >= end) continue;
      target.set(each.data.subarray(from - each.position, end - each.position), from - position);
    }
  }

  write(position: number, data: Uint8Array): void {
    this.#onPoint('write to flash');
    // The file says itself what is wrong with such a range.
    const isWithin = position >= 0 && position + data.length <= this.sizeBytes;
    if (isWithin) this.#written.push({ position, data: new Uint8Array(data) });
    else this.#file.write(position, data);
  }

  async sync(): Promise<void> {
    this.#onPoint('sync of flash begins');
    this.#writeOut(() => this.#onPoint('sync of flash half-way'));
    try {
      await this.#file.sync();
    } finally {
      this.#onPoint(SYNC_ENDED);
    }
  }

  isThere(): boolean {
    return this.#file.isThere?.() ?? true;
  }

  /** Whoever opens it next, on a host that has lost no power, finds everything. */
  close(): void {
    this.#writeOut(() => undefined);
    this.#file.close();
  }

  remove(): void {
    this.#file.remove();
  }

  #writeOut(onHalf: () => void): void {
    const middle = Math.floor(this.#written.length / 2);
    const earlier = this.#written.slice(0, middle);
    const later = this.#written.slice(middle);
    for (const { position, data } of later) this.#file.write(position, data);
    if (earlier.length > 0) onHalf();
    for (const { position, data } of earlier) {
      this.#file.write(position, data);
      // What stands there in the end is what was written last.
      for (const each of later) {
        if (meets(each, { position, data })) this.#file.write(each.position, each.data);
      }
    }
    this.#written = [];
  }
}

function meets(one: Written, other: Written): boolean {
  return (
    one.position < other.position + other.data.length &&
    other.position < one.position + one.data.length
  );
}
