// Runs one filter over a disk in memory and a clock that stands still until it is moved, for the
// tests of filters. Every I/O goes in three steps that a test may take in any order with others:
// `submit`, `apply` (the storage does it) and `finish` (the filter is told).
import { assert } from '../base/assert.ts';
import {
  COMPLETE,
  DEFER,
  type Deferral,
  type DiskIo,
  type DiskOperation,
  type FilterDefinition,
  type FilterHooks,
  type FilterLifecycle,
  type PropertyValues,
} from './filter.ts';
import type { HarnessFlash } from './harness-flash.ts';
import { HarnessKeys } from './harness-keys.ts';
import { HarnessBelow, HarnessLine, HarnessSidecar } from './harness-surroundings.ts';

export class HarnessClock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  monotonic(): number {
    return this.#now;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): { cancel(): void } {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Moves time on and calls what is due, in order, each at its own time. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
  }

  get timers(): number {
    return this.#timers.length;
  }
}

/** Where an I/O stands: held by the filter, with the storage, applied by it, or over. */
export type HarnessState = 'deferred' | 'submitted' | 'applied' | 'done';

export class HarnessIo implements DiskIo {
  state: HarnessState = 'submitted';
  error = 0;
  readonly fua: boolean;
  readonly operation: DiskOperation;
  readonly offset: number;
  readonly length: number;
  readonly data: Uint8Array;
  /** True when the filter answered by itself. */
  answeredByFilter = false;
  deferral: Deferral | null = null;

  constructor(operation: DiskOperation, offset: number, data: Uint8Array | number, fua = false) {
    this.fua = fua;
    this.operation = operation;
    this.offset = offset;
    this.length = typeof data === 'number' ? data : data.length;
    const moves = operation === 'read' || operation === 'write';
    this.data = typeof data === 'number' ? new Uint8Array(moves ? data : 0) : data.slice();
  }

  defer(): Deferral {
    assert(this.deferral === null, 'an I/O is deferred once');
    const settle = (answered: boolean, error: number): void => {
      assert(this.state === 'deferred', 'a token is answered once, after the hook has returned');
      this.error = error;
      this.answeredByFilter = answered;
      this.state = answered ? 'done' : 'submitted';
    };
    this.deferral = {
      pass: () => settle(false, 0),
      complete: () => settle(true, 0),
      fail: (error) => settle(true, error),
    };
    return this.deferral;
  }
}

export interface HarnessOptions {
  properties?: PropertyValues;
  state?: Uint8Array | null;
  sizeBytes?: number;
  /** Contents of the sidecar at open. */
  sidecar?: Uint8Array | null;
  /** Whether the filter has a daemon on this host. */
  daemon?: boolean;
  /** Of the host; none unless given. */
  flash?: HarnessFlash | null;
  /** The storage below; a new one of zeroes unless given. */
  disk?: Uint8Array;
  keys?: HarnessKeys;
  /** What the disk lies on, at first. */
  storageId?: string;
}

export class FilterHarness {
  readonly clock = new HarnessClock();
  readonly disk: Uint8Array;
  readonly filter: Partial<FilterHooks> & FilterLifecycle;
  readonly log: string[] = [];
  /** What it has raised: `warning: the message`. */
  readonly events: string[] = [];
  readonly sidecar: HarnessSidecar;
  readonly below: HarnessBelow;
  readonly keys: HarnessKeys;
  /** What the disk lies on. */
  storageId: string;
  /** Null unless the harness was made with `daemon: true`. */
  readonly daemon: HarnessLine | null;

  constructor(
    definition: FilterDefinition,
    {
      properties = {},
      state = null,
      sizeBytes = 1024 * 1024,
      sidecar = null,
      daemon = false,
      flash = null,
      disk = new Uint8Array(sizeBytes),
      keys = new HarnessKeys(),
      storageId = 'storage-1',
    }: HarnessOptions = {},
  ) {
    this.disk = disk;
    this.sidecar = new HarnessSidecar(sidecar);
    this.below = new HarnessBelow(this.disk);
    this.keys = keys;
    this.storageId = storageId;
    this.daemon = daemon ? new HarnessLine() : null;
    const defaults = definition.properties.map(({ name, default: value }) => [name, value]);
    this.filter = definition.open({
      disk: { id: 'disk-1', sizeBytes: disk.length, sectorBytes: 512 },
      storageId: () => this.storageId,
      properties: { ...Object.fromEntries(defaults), ...properties },
      state,
      sidecar: this.sidecar,
      below: this.below,
      keys,
      daemon: this.daemon,
      flash,
      raiseEvent: (severity, message) => this.events.push(`${severity}: ${message}`),
      clock: this.clock,
      log: (level, message) => this.log.push(`${level}: ${message}`),
    });
  }

  /** The way in. The data of a write, or the length of all else. */
  submit(
    operation: DiskOperation,
    offset: number,
    data: Uint8Array | number,
    fua = false,
  ): HarnessIo {
    const io = new HarnessIo(operation, offset, data, fua);
    const answer = this.filter[operation]?.(io) ?? 0;
    if (answer === DEFER) {
      assert(io.deferral !== null, 'DEFER needs a token');
      io.state = 'deferred';
    } else if (answer === COMPLETE || answer < 0) {
      io.state = 'done';
      io.error = answer < 0 ? -answer : 0;
      io.answeredByFilter = true;
    }
    return io;
  }

  /** The storage does what is asked. A write's data are scrambled then, as a filter below may. */
  apply(io: HarnessIo): void {
    assert(io.state === 'submitted', 'an I/O is applied once, when it has come down');
    io.state = 'applied';
    const end = io.offset + io.length;
    if (io.operation === 'read') io.data.set(this.disk.subarray(io.offset, end));
    if (io.operation === 'write') {
      this.disk.set(io.data, io.offset);
      io.data.fill(0xdb);
    }
    if (io.operation === 'trim' || io.operation === 'writeZeroes')
      this.disk.fill(0, io.offset, end);
  }

  /** The way out. An I/O that was not applied can only have failed. */
  finish(io: HarnessIo, error = 0): void {
    assert(error !== 0 || io.state === 'applied', 'only what was done succeeds');
    io.state = 'done';
    io.error = error;
    this.filter.completed?.(io);
  }

  /** All three steps; what the filter holds or answers is returned as it is. */
  run(operation: DiskOperation, offset: number, data: Uint8Array | number): HarnessIo {
    const io = this.submit(operation, offset, data);
    if (io.state !== 'submitted') return io;
    this.apply(io);
    this.finish(io);
    return io;
  }
}
