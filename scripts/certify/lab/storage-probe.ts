// A filter that stands below the one on trial and plays a difficult drive: it keeps what is written
// in a volatile cache until it is flushed, answers late and out of order, scrambles the buffers
// that it was lent, fails when told to, and counts what comes down. kill -9 loses its cache, as a
// power failure does.
import {
  COMPLETE,
  DEFER,
  type Deferral,
  type DiskEvent,
  type DiskIo,
  defineFilter,
  EIO,
  type FilterContext,
  type FilterLifecycle,
  type FilterTimer,
} from '#lib/filter-sdk/filter.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { VolatileCache } from './volatile-cache.ts';

/** How it fails: `none`, `any` or an operation's name, in so many of a hundred. */
export interface ProbeOrders {
  failing: string;
  error: 'EIO' | 'ENOSPC';
  percent: number;
}

export const NO_ORDERS: ProbeOrders = { failing: 'none', error: 'EIO', percent: 0 };

type Verdict = undefined | typeof COMPLETE | typeof DEFER | -5 | -28;
type Counted = 'reads' | 'writes' | 'forced' | 'flushes' | 'trimmed' | 'zeroed' | 'failed';

const IO_ERROR = -5;
const NO_SPACE = -28;

class StorageProbe implements FilterLifecycle {
  readonly #context: FilterContext;
  readonly #cache: VolatileCache;
  readonly #random = new XorShift(77);
  readonly #late = new Map<Deferral, FilterTimer>();
  readonly #counts: Record<Counted, number> = {
    ...{ reads: 0, writes: 0, forced: 0, flushes: 0, trimmed: 0, zeroed: 0, failed: 0 },
  };
  constructor(context: FilterContext) {
    this.#context = context;
    this.#cache = new VolatileCache(context.below);
  }

  read(io: DiskIo): Verdict {
    this.#counts.reads += 1;
    if (this.#fails('read')) return this.#errno();
    if (this.#cache.letPast(io.offset, io.length)) return;
    const { data } = io;
    return this.#byPromise(io, async () => data.set(await this.#cache.read(io.offset, io.length)));
  }

  write(io: DiskIo): Verdict {
    const { offset, data, fua } = io;
    this.#counts[fua ? 'forced' : 'writes'] += 1;
    const fails = this.#fails('write');
    // What fails may have been done in part.
    const done = fails ? 512 * Math.floor((data.length / 512) * this.#random.next()) : data.length;
    this.#cache.write(offset, data.subarray(0, done));
    // Whoever stands above must not read its buffer again.
    data.fill(0xdb);
    if (fails) return this.#errno();
    return fua ? this.#byPromise(io, () => this.#cache.flush()) : this.#later(io);
  }

  flush(io: DiskIo): Verdict {
    this.#counts.flushes += 1;
    if (this.#fails('flush')) return this.#errno();
    return this.#byPromise(io, () => this.#cache.flush());
  }

  trim(io: DiskIo): Verdict {
    this.#counts.trimmed += io.length;
    return this.#fails('trim') ? this.#errno() : this.#zero(io);
  }

  writeZeroes(io: DiskIo): Verdict {
    this.#counts.zeroed += io.length;
    return this.#fails('writeZeroes') ? this.#errno() : this.#zero(io);
  }

  completed({ operation }: DiskIo): void {
    if (operation === 'read') this.#cache.wentPast();
  }

  drain(): void {
    for (const [token, timer] of [...this.#late]) {
      timer.cancel();
      this.#late.delete(token);
      token.complete();
    }
  }

  /** Whatever is copied or opened elsewhere finds everything on the disk. */
  async diskEvent({ phase }: DiskEvent): Promise<void> {
    if (phase === 'frozen') await this.#cache.flush();
  }

  /** Only what the storage has done was promised; the rest must be there after a good end too. */
  async close(): Promise<void> {
    await this.#cache.flush();
  }

  statistics(): Record<string, number> {
    return { ...this.#counts, dirty: this.#cache.dirty };
  }

  #zero(io: DiskIo): Verdict {
    this.#cache.zero(io.offset, io.length);
    return io.fua ? this.#byPromise(io, () => this.#cache.flush()) : this.#later(io);
  }

  /** One in eight is answered some milliseconds later, after others. */
  #later(io: DiskIo): typeof COMPLETE | typeof DEFER {
    if (this.#random.next() > 0.125) return COMPLETE;
    const token = io.defer();
    const timer = this.#context.clock.after(1 + 3 * this.#random.next(), () => {
      this.#late.delete(token);
      token.complete();
    });
    this.#late.set(token, timer);
    return DEFER;
  }

  #byPromise(io: DiskIo, work: () => Promise<void>): typeof DEFER {
    const token = io.defer();
    work().then(
      () => token.complete(),
      (thrown: unknown) => {
        this.#context.log('error', `the storage below the probe failed: ${String(thrown)}`);
        token.fail(EIO);
      },
    );
    return DEFER;
  }

  #fails(operation: string): boolean {
    const { failing, percent } = this.#orders();
    if (failing !== operation && failing !== 'any') return false;
    const fails = 100 * this.#random.next() < Number(percent);
    if (fails) this.#counts.failed += 1;
    return fails;
  }

  #errno(): typeof IO_ERROR | typeof NO_SPACE {
    return this.#orders().error === 'ENOSPC' ? NO_SPACE : IO_ERROR;
  }

  /** Read from a file: a changed policy would be told to the filter on trial, which may refuse. */
  #orders(): ProbeOrders {
    const file = String(this.#context.properties.orders);
    if (file === '') return NO_ORDERS;
    // Not imported: a filter's module has no imports.
    return JSON.parse(process.getBuiltinModule('node:fs').readFileSync(file, 'utf8'));
  }
}

const counter = (name: string) => ({ name, label: name, kind: 'counter' as const, unit: '' });

export const storageProbe = defineFilter({
  kind: 'partial',
  safeBecause: 'Prefetches go to the disk below, which has no more than an older state.',
  name: 'certify-storage',
  class: 'datastoreIoControl',
  apiVersion: 1,
  summary: 'A difficult drive, for the certification of filters',
  properties: [
    {
      ...{ name: 'orders', label: 'Orders', help: 'A file that says how it fails; empty: never' },
      ...{ type: 'string', default: '' },
    },
  ],
  statistics: [
    ...['reads', 'writes', 'forced', 'flushes', 'trimmed', 'zeroed', 'failed'].map(counter),
    { name: 'dirty', label: 'dirty', kind: 'gauge', unit: 'sectors' },
  ],
  open: (context: FilterContext) => new StorageProbe(context),
});
