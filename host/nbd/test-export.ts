// For tests: an export over memory, with a real chain, whose lock can be lost and whose I/O can be
// made slow.
import { systemClock } from '#lib/base/system-clock.ts';
import type { DiskIo, FilterDefinition, FilterHooks } from '#lib/filter-sdk/filter.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { Chain, type FilterFaultReport } from '../chain/chain.ts';
import { type ChainIo, PENDING, READ, TRIM, WRITE, WRITE_ZEROES } from '../chain/chain-io.ts';
import { DiskMeter } from '../chain/disk-meter.ts';
import { IoTracer } from '../chain/io-tracer.ts';
import { OwnWork } from '../chain/own-work.ts';
import type { NbdExport } from './nbd-export.ts';

export class MemoryExport implements NbdExport {
  readonly diskKey = 2000;
  readonly name = 'scsi0:0';
  readonly sizeBytes: number;
  readonly meter = new DiskMeter();
  readonly bytes: Buffer;
  readonly faults: FilterFaultReport[] = [];
  serving = true;
  /** Every so many I/Os the disk answers only later; 0 for never. */
  laterEvery = 0;
  #count = 0;
  readonly #chain: Chain;

  constructor(sizeBytes: number, hooks: Partial<FilterHooks> = {}) {
    this.sizeBytes = sizeBytes;
    this.bytes = Buffer.alloc(sizeBytes);
    const filter = { name: 'test', class: 'inspection', codeId: '', properties: {} } as const;
    this.#chain = new Chain({
      filters: [
        { ...filter, definition: definitionOf(hooks), hooks, own: OwnWork.none(), line: null },
      ],
      disk: { submit: (io) => this.#submit(io) },
      tracer: new IoTracer(systemClock),
      onFault: (fault) => this.faults.push(fault),
    });
  }

  isServing(): boolean {
    return this.serving;
  }

  submit(io: ChainIo): boolean {
    return this.#chain.submit(io);
  }

  blockStatus(_offset: number, length: number): Promise<StatusExtent[]> {
    const first = Math.min(length, 4096);
    const extents = [{ length: first, flags: 0 }];
    if (length > first) extents.push({ length: length - first, flags: 3 });
    return Promise.resolve(extents);
  }

  #submit(io: ChainIo): number {
    this.#count += 1;
    if (this.laterEvery === 0 || this.#count % this.laterEvery !== 0) return this.#do(io);
    setImmediate(() => this.#chain.diskDone(io, this.#do(io)));
    return PENDING;
  }

  #do(io: ChainIo): number {
    const { offset, length, buffer, start } = io;
    const end = offset + length;
    if (end > this.sizeBytes) return NBD_ERRORS.EIO;
    if (io.code === READ) this.bytes.copy(buffer, start, offset, end);
    else if (io.code === WRITE) buffer.copy(this.bytes, offset, start, start + length);
    else if (io.code === WRITE_ZEROES || io.code === TRIM) this.bytes.fill(0, offset, end);
    return 0;
  }
}

/**
 * Hooks that defer every third I/O on the way in and every fifth on the way out, for a turn of the
 * loop or more.
 */
export function deferringHooks(): Partial<FilterHooks> {
  let count = 0;
  const maybeDefer =
    (every: number) =>
    (io: DiskIo): 2 | undefined => {
      count += 1;
      if (count % every !== 0) return undefined;
      const token = io.defer();
      setTimeout(() => token.pass(), count % 7);
      return 2;
    };
  return { read: maybeDefer(3), write: maybeDefer(3), completed: maybeDefer(5) };
}

function definitionOf(hooks: Partial<FilterHooks>): FilterDefinition {
  return {
    kind: 'partial',
    safeBecause: 'a test',
    name: 'test',
    class: 'inspection',
    apiVersion: 1,
    summary: '',
    properties: [],
    statistics: [],
    open: () => hooks,
  };
}
