// The chain of one disk: filters guest first, the virtual disk at the end. A request that nobody
// defers runs through as plain calls and is done when `submit` returns. Way in: each filter passes,
// completes, fails or defers. Way out: in reverse, those before the one that completed or failed.
import { assert } from '#lib/base/assert.ts';
import { COMPLETE, DEFER, type Deferral, type DiskIo, EIO, PASS } from '#lib/filter-sdk/filter.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { type ChainIo, type IoCarrier, OPERATIONS, PENDING } from './chain-io.ts';
import { DeferralToken, type Settlement, type TokenKeeper } from './deferral-token.ts';
import { FilterMeter } from './disk-meter.ts';
import { type Complaint, IoChecker } from './io-checker.ts';
import type { IoTracer } from './io-tracer.ts';
import type { OpenFilter } from './open-filter.ts';

/** The virtual disk under a chain. */
export interface ChainDisk {
  /**
   * Does the I/O: 0 or an error number when it is done, PENDING when `io.carrier.diskDone` will be
   * called.
   */
  submit(io: ChainIo): number;
}

export interface FilterFaultReport {
  filter: string;
  operation: string;
  message: string;
}

export interface ChainParts {
  /** In call order, guest first. */
  filters: readonly OpenFilter[];
  disk: ChainDisk;
  tracer: IoTracer;
  /** Of the disk, for who asks a process that loops what it is doing (whatItDoes). */
  diskName?: string;
  /** Lends filters stand-ins for their I/Os, and complains of more (io-checker.ts). */
  checked?: boolean;
  /** A filter threw or broke its contract; the I/O concerned has failed with EIO. */
  onFault(report: FilterFaultReport): void;
}

type Hook = (io: DiskIo) => unknown;

export class Chain implements IoCarrier, TokenKeeper {
  readonly filters: readonly OpenFilter[];
  /** One for each filter. */
  readonly meters: readonly FilterMeter[];
  readonly diskName: string;
  readonly #checker: IoChecker | null;
  readonly #disk: ChainDisk;
  readonly #tracer: IoTracer;
  readonly #onFault: ChainParts['onFault'];
  /** Way in: by operation, then by filter; null where a partial filter does not look. */
  readonly #in: readonly (readonly (Hook | null)[])[];
  readonly #out: readonly (Hook | null)[];
  #asking: ChainIo | null = null;
  #pending = 0;

  constructor({ filters, disk, tracer, onFault, diskName = '', checked = false }: ChainParts) {
    this.filters = filters;
    this.diskName = diskName;
    const complain: Complaint = (index, operation, message) =>
      this.#fault(index, operation, message);
    this.#checker = checked ? new IoChecker(complain) : null;
    this.meters = filters.map(() => new FilterMeter());
    this.#disk = disk;
    this.#tracer = tracer;
    this.#onFault = onFault;
    this.#in = OPERATIONS.map((operation) =>
      filters.map(({ hooks }) => bindHook(hooks[operation], hooks)),
    );
    this.#out = filters.map(({ hooks }) => bindHook(hooks.completed, hooks));
  }

  /** I/Os of the guest that a filter or the disk still has. */
  get inFlight(): number {
    return this.#pending;
  }

  /**
   * True when the I/O is done and `io.error` says how; false when `io.finished()` will be called.
   */
  submit(io: ChainIo): boolean {
    io.first = 0;
    if (this.#tracer.wants()) io.trace = this.#tracer.begin();
    if (this.#begin(io)) {
      if (io.trace !== null) this.#endTrace(io);
      return true;
    }
    this.#pending += 1;
    return false;
  }

  /** The own I/O of the filter with that index: as `submit`, for the filters below it alone. */
  submitBelow(io: ChainIo, index: number): boolean {
    io.first = index + 1;
    const meter = this.meters[index];
    if (meter !== undefined) meter.ownIos += 1;
    return this.#begin(io);
  }

  /** In checked mode: complains of what was done to data that were answered already. */
  sweep(): void {
    this.#checker?.sweep();
  }

  /** Asks the filters for what they hold back for a policy's sake, because the chain is emptied. */
  letGo(): void {
    for (const [index, { hooks }] of this.filters.entries()) {
      try {
        hooks.drain?.();
      } catch (thrown) {
        this.#fault(index, 'drain', String(thrown));
      }
    }
  }

  deferralOf(io: ChainIo): Deferral {
    assert(io === this.#asking, 'an I/O can be deferred only from the hook that it was lent to');
    assert(io.token === null, 'an I/O can be deferred once in a hook');
    const token = new DeferralToken(this, io, io.stage, io.wayOut);
    io.token = token;
    return token;
  }

  diskDone(io: ChainIo, error: number): void {
    io.error = error;
    if (io.trace !== null) this.#leaveDisk(io);
    if (this.#wayOut(io, this.filters.length - 1)) this.#finish(io);
  }

  settle(token: DeferralToken): void {
    const { io, answer } = token;
    assert(answer !== null, 'a token settles with an answer');
    token.retire();
    this.#checker?.takeBack(io, token.filter);
    io.token = null;
    if (io.trace !== null) this.#tracer.extend(io.trace);
    const done = token.wayOut
      ? this.#goOnOut(io, token.filter, answer)
      : this.#goOnIn(io, token.filter, answer);
    if (done) this.#finish(io);
  }

  misuse(token: DeferralToken, message: string): void {
    this.#fault(token.filter, token.operation, message);
  }

  #begin(io: ChainIo): boolean {
    io.carrier = this;
    io.error = 0;
    io.token = null;
    return this.#wayIn(io, io.first);
  }

  #wayIn(io: ChainIo, from: number): boolean {
    const hooks = this.#in[io.code];
    assert(hooks !== undefined, 'every operation has a row of hooks');
    for (let index = from; index < hooks.length; index++) {
      const hook = hooks[index];
      if (hook === null || hook === undefined) continue;
      const meter = this.meters[index];
      if (meter !== undefined) meter.ios += 1;
      const answer = this.#ask(hook, io, index, false);
      if (answer === PASS) continue;
      if (answer === DEFER) return false;
      return this.#turn(io, index, answer);
    }
    if (io.trace !== null) this.#tracer.enter(io.trace);
    const error = this.#disk.submit(io);
    if (error === PENDING) return false;
    io.error = error;
    if (io.trace !== null) this.#leaveDisk(io);
    return this.#wayOut(io, hooks.length - 1);
  }

  #goOnIn(io: ChainIo, index: number, answer: Settlement): boolean {
    return answer === PASS ? this.#wayIn(io, index + 1) : this.#turn(io, index, answer);
  }

  /** A filter completed or failed the I/O: those before it are told. */
  #turn(io: ChainIo, index: number, answer: Settlement): boolean {
    io.error = answer === COMPLETE ? 0 : -answer;
    return this.#wayOut(io, index - 1);
  }

  #wayOut(io: ChainIo, from: number): boolean {
    for (let index = from; index >= io.first; index--) {
      const hook = this.#out[index];
      if (hook === null || hook === undefined) continue;
      const answer = this.#ask(hook, io, index, true);
      if (answer === DEFER) return false;
      if (answer !== PASS) io.error = -answer;
    }
    return true;
  }

  #goOnOut(io: ChainIo, index: number, answer: Settlement): boolean {
    if (answer !== PASS) io.error = -answer;
    return this.#wayOut(io, index - 1);
  }

  /** Asks one hook: PASS, COMPLETE, DEFER or a negative error number, whatever the hook did. */
  #ask(hook: Hook, io: ChainIo, index: number, wayOut: boolean): number {
    io.stage = index;
    io.wayOut = wayOut;
    const outer = this.#asking;
    this.#asking = io;
    if (io.trace !== null) this.#tracer.enter(io.trace);
    const { offset, length, buffer, start } = io;
    let answer: unknown;
    try {
      answer = hook(this.#checker === null ? io : this.#checker.lend(io, index));
    } catch (thrown) {
      this.#fault(index, wayOut ? 'completed' : io.operation, String(thrown));
      answer = -EIO;
    }
    this.#asking = outer;
    const whole =
      io.offset === offset && io.length === length && io.buffer === buffer && io.start === start;
    if (!whole) {
      Object.assign(io, { offset, length, buffer, start });
      io.forgetData();
      answer = this.#broke(io, 'changed what the I/O is');
    }
    const plain = io.token === null && (answer === undefined || answer === PASS);
    const verdict = plain ? PASS : this.#judge(io, answer);
    if (this.#checker !== null && verdict !== DEFER) this.#checker.takeBack(io, index);
    if (io.trace !== null) this.#traceCrossing(io, verdict);
    return verdict;
  }

  /** What an answer other than a plain pass amounts to. */
  #judge(io: ChainIo, answer: unknown): number {
    const { token, wayOut } = io;
    if (token !== null && answer === DEFER) {
      if (token.answer === null) {
        token.arm();
        return DEFER;
      }
      token.retire();
      io.token = null;
      return token.answer;
    }
    if (token !== null) {
      token.retire();
      io.token = null;
      if (typeof answer === 'number' && answer < 0 && isErrno(-answer)) return answer;
      return this.#broke(io, 'took a token but did not return DEFER');
    }
    if (answer === DEFER) return this.#broke(io, 'returned DEFER without taking a token');
    if (answer === COMPLETE && !wayOut) return COMPLETE;
    if (typeof answer === 'number' && isErrno(-answer)) return answer;
    if (answer instanceof Promise) {
      // Nobody waits for it, and its rejection must not end the world.
      answer.catch(() => undefined);
      return this.#broke(io, 'returned a promise; hooks are synchronous, or defer');
    }
    return this.#broke(io, `returned ${String(answer)}, which is no answer here`);
  }

  #broke(io: ChainIo, message: string): number {
    this.#fault(io.stage, io.wayOut ? 'completed' : io.operation, message);
    return -EIO;
  }

  #fault(index: number, operation: string, message: string): void {
    this.#onFault({ filter: this.#nameOf(index), operation, message });
  }

  #nameOf(index: number): string {
    return this.filters[index]?.name ?? 'disk';
  }

  #finish(io: ChainIo): void {
    if (io.trace !== null) this.#endTrace(io);
    if (io.first === 0) this.#pending -= 1;
    io.finished();
  }

  #leaveDisk(io: ChainIo): void {
    if (io.trace === null) return;
    const verdict = io.error === 0 ? 'complete' : 'fail';
    this.#tracer.leave(io.trace, { filter: 'disk', direction: 'in', verdict });
  }

  #traceCrossing(io: ChainIo, answer: number): void {
    if (io.trace === null) return;
    const verdict = verdictName(answer);
    const direction = io.wayOut ? 'out' : 'in';
    this.#tracer.leave(io.trace, { filter: this.#nameOf(io.stage), direction, verdict });
  }

  #endTrace(io: ChainIo): void {
    const record = io.trace;
    if (record === null) return;
    io.trace = null;
    this.#tracer.finish(record, io);
    for (const [index, { name }] of this.filters.entries()) {
      let microseconds = 0;
      let crossed = false;
      for (const crossing of record.crossings) {
        if (crossing.filter !== name) continue;
        microseconds += crossing.microseconds;
        crossed = true;
      }
      if (crossed) this.meters[index]?.latency.add(microseconds);
    }
  }
}

function bindHook<Hooks extends object>(
  hook: ((io: DiskIo) => unknown) | undefined,
  hooks: Hooks,
): Hook | null {
  return hook === undefined ? null : hook.bind(hooks);
}

function verdictName(answer: number): 'pass' | 'complete' | 'fail' | 'defer' {
  if (answer === PASS) return 'pass';
  if (answer === COMPLETE) return 'complete';
  return answer === DEFER ? 'defer' : 'fail';
}

function isErrno(error: number): boolean {
  return error === NBD_ERRORS.EIO || error === NBD_ERRORS.ENOSPC || error === NBD_ERRORS.ESHUTDOWN;
}
