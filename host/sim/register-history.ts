// What a disk may hold. Each sector is a register; the history knows for each of them which values
// a read may return at the moment, and which of the older ones a power failure may bring back.
import { assert } from '#lib/base/assert.ts';

interface Superseded {
  value: number;
  /** When it stopped to be the newest, by the history's own count. */
  at: number;
}

interface Register {
  /** One of these is what a read returns. */
  visible: number[];
  /** What it may have again after a power failure. */
  older: Superseded[];
  /** When the newest write began that has succeeded. */
  writtenAt: number;
  /** When a flush failed that should have made it durable: later flushes promise nothing. */
  doubtedAt: number;
}

/** A write or zeroing under way. */
export interface WriteUnderWay {
  first: number;
  count: number;
  value: number;
  startedAt: number;
  /** Values of others that have ended, in whatever way, since this one began, by register. */
  rivals: { first: number; count: number; value: number }[];
}

export interface ReadUnderWay {
  first: number;
  /** For each register, what may be returned. */
  allowed: Set<number>[];
  /** No write was under way at any time. */
  quiet: boolean[];
}

export class RegisterHistory {
  readonly #registers: Register[];
  readonly #writes = new Set<WriteUnderWay>();
  readonly #reads = new Set<ReadUnderWay>();
  #count = 0;

  /** All registers hold 0, durably. */
  constructor(registers: number) {
    this.#registers = Array.from({ length: registers }, () => ({
      visible: [0],
      older: [],
      writtenAt: 0,
      doubtedAt: -1,
    }));
  }

  get size(): number {
    return this.#registers.length;
  }

  beginRead(first: number, count: number): ReadUnderWay {
    const allowed = this.#range(first, count).map(({ visible }) => new Set(visible));
    const read = { first, allowed, quiet: allowed.map(() => true) };
    for (const write of this.#writes) allow(read, write);
    this.#reads.add(read);
    return read;
  }

  /** The values read, or null when the read failed. A description of what is wrong, or null. */
  endRead(read: ReadUnderWay, values: readonly number[] | null): string | null {
    this.#reads.delete(read);
    for (const [index, value] of (values ?? []).entries()) {
      const allowed = read.allowed[index];
      assert(allowed !== undefined, 'a read returns as many values as it asked for');
      if (!allowed.has(value)) {
        const might = [...allowed].join(' or ');
        return `the sector ${read.first + index} reads as ${value}, but it can only be ${might}`;
      }
      if (read.quiet[index]) this.#learn(read.first + index, value);
    }
    return null;
  }

  beginWrite(first: number, count: number, value: number): WriteUnderWay {
    this.#count += 1;
    const write = { first, count, value, startedAt: this.#count, rivals: [] };
    this.#writes.add(write);
    for (const read of this.#reads) allow(read, write);
    return write;
  }

  /** `done`; `durable` with forced unit access; or `unknown`: it may have been done or not. */
  endWrite(write: WriteUnderWay, outcome: 'done' | 'durable' | 'unknown'): void {
    this.#writes.delete(write);
    this.#count += 1;
    const { first, count, value } = write;
    for (const other of this.#writes) if (overlap(other, write)) other.rivals.push(write);
    for (const [index, register] of this.#range(first, count).entries()) {
      if (outcome === 'unknown') {
        register.visible = union(register.visible, [value]);
        continue;
      }
      const rivals = write.rivals.filter((rival) => covers(rival, first + index));
      const visible = union(
        [value],
        rivals.map((rival) => rival.value),
      );
      const past = register.visible.filter((each) => !visible.includes(each));
      register.visible = visible;
      register.writtenAt = write.startedAt;
      if (outcome === 'durable') register.older = [];
      else for (const each of past) register.older.push({ value: each, at: this.#count });
    }
  }

  /** Returns what `endFlush` wants. */
  beginFlush(): number {
    this.#count += 1;
    return this.#count;
  }

  endFlush(startedAt: number, succeeded: boolean): void {
    this.#count += 1;
    if (!succeeded) {
      this.doubt();
      return;
    }
    for (const register of this.#registers) {
      if (register.writtenAt < register.doubtedAt) continue;
      register.older = register.older.filter(({ at }) => at >= startedAt);
    }
  }

  /** What was not durable may never be, whatever later flushes say, unless it is written again. */
  doubt(): void {
    this.#count += 1;
    for (const register of this.#registers) register.doubtedAt = this.#count;
  }

  /** The power has failed: what was not flushed may be gone. All I/O must have ended. */
  losePower(): void {
    for (const register of this.#registers) {
      register.visible = union(
        register.visible,
        register.older.map(({ value }) => value),
      );
      register.older = [];
      register.doubtedAt = -1;
    }
  }

  /**
   * What a copy of the disk holds that is made now, of what was flushed. A write whose answer has
   * not come may be in it or not.
   */
  frozen(): RegisterHistory {
    const copy = new RegisterHistory(0);
    for (const { visible, older, writtenAt, doubtedAt } of this.#registers) {
      const sure = writtenAt >= doubtedAt;
      copy.#registers.push({
        visible: [...visible],
        older: sure ? [] : [...older],
        writtenAt: 0,
        doubtedAt: sure ? -1 : 0,
      });
    }
    for (const { first, count, value } of this.#writes) {
      for (const register of copy.#range(first, count)) {
        register.visible = union(register.visible, [value]);
      }
    }
    return copy;
  }

  /** The disk has become larger: what is new reads as 0, durably. */
  growTo(registers: number): void {
    const more = new RegisterHistory(Math.max(0, registers - this.size));
    this.#registers.push(...more.#registers);
  }

  #learn(index: number, value: number): void {
    const register = this.#registers[index];
    if (register === undefined || register.visible.length === 1) return;
    for (const past of register.visible) {
      if (past !== value) register.older.push({ value: past, at: this.#count });
    }
    register.visible = [value];
  }

  #range(first: number, count: number): Register[] {
    return this.#registers.slice(first, first + count);
  }
}

function allow(read: ReadUnderWay, write: WriteUnderWay): void {
  const from = Math.max(read.first, write.first);
  const to = Math.min(read.first + read.allowed.length, write.first + write.count);
  for (let register = from; register < to; register++) {
    read.allowed[register - read.first]?.add(write.value);
    read.quiet[register - read.first] = false;
  }
}

function overlap(
  a: { first: number; count: number },
  b: { first: number; count: number },
): boolean {
  return a.first < b.first + b.count && b.first < a.first + a.count;
}

function covers({ first, count }: { first: number; count: number }, register: number): boolean {
  return register >= first && register < first + count;
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])];
}
