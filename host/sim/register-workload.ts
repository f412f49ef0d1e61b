// Guests that read and write registers, several requests at a time, and hold every answer against
// the history of what it may be.
import { KIB } from '#lib/model/limits.ts';
import { type GuestDisk, WrongAnswer } from './guest.ts';
import type { RegisterHistory } from './register-history.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SECTOR } from './volume.ts';

/** From this length on the product leaves the thread for a request. */
const LARGE_SECTORS = (64 * KIB) / SECTOR;
const DEPTH_MAX = 6;
/** Guests with shorter pauses than this have more large requests. */
const BUSY_PAUSE_MS = 1_000;
const BURST_MAX = 24;
/** How often a disk that is not there is looked for, in milliseconds. */
const ABSENT_MS = 400;

export interface RegisterParts {
  guest: GuestDisk;
  /** Of the disk as it is now: going back to a snapshot changes it. */
  readonly history: RegisterHistory;
  random: SeededRandom;
  /** Where the registers begin on the disk, in bytes. */
  offset: number;
  /** The registers from `first` on lie there. */
  second?: { first: number; offset: number };
  /** Longest pause between two bursts, in milliseconds. */
  pauseMs: number;
  /** Whether the VM has the disk now. */
  isThere?(): boolean;
  /** Never the same value again. */
  nextValue(): number;
  isOver(): boolean;
}

/** Runs until it is over. Throws `WrongAnswer`. */
export async function workOnRegisters(parts: RegisterParts): Promise<void> {
  const { guest, random, isOver } = parts;
  while (!isOver()) {
    if (parts.isThere?.() === false) {
      await guest.schedule.sleep(ABSENT_MS);
      continue;
    }
    const depth = 1 + random.below(DEPTH_MAX);
    for (let left = random.below(BURST_MAX); left > 0 && !isOver(); left -= depth) {
      await Promise.all(Array.from({ length: depth }, () => doSomething(parts)));
    }
    await guest.schedule.sleep(random.between(0, parts.pauseMs));
  }
}

/** Reads each register until it answers. Throws `WrongAnswer`. */
export async function readAllRegisters(parts: RegisterParts): Promise<void> {
  while (parts.guest.sizeBytes?.() === null) await parts.guest.schedule.sleep(10);
  fitSize(parts);
  let first = 0;
  while (first < parts.history.size) {
    const count = Math.min(LARGE_SECTORS, roomAt(parts, first));
    if (await read(parts, first, count)) first += count;
    else await parts.guest.schedule.sleep(10);
  }
}

async function doSomething(parts: RegisterParts): Promise<void> {
  if (parts.isThere?.() === false) return;
  fitSize(parts);
  const { random, history } = parts;
  const most = random.chance(parts.pauseMs < BUSY_PAUSE_MS ? 0.2 : 0.04)
    ? 2 * LARGE_SECTORS
    : random.pick([1, 4, 16]);
  const first = random.below(history.size);
  const count = 1 + random.below(Math.min(most, roomAt(parts, first)));
  const draw = random.fraction();
  if (draw < 0.42) await read(parts, first, count);
  else if (draw < 0.8) await write(parts, first, count, random.chance(0.1));
  else if (draw < 0.9) await flush(parts);
  else if (draw < 0.94) await zero(parts, first, count, 4);
  else if (draw < 0.98) await zero(parts, first, count, 3);
  else await parts.guest.other(5, offsetOf(parts, first), count * SECTOR);
}

/** A disk may have grown; it never becomes smaller. Throws `WrongAnswer`. */
function fitSize(parts: RegisterParts): void {
  const sizeBytes = parts.guest.sizeBytes?.() ?? null;
  if (sizeBytes === null) return;
  const { history, offset, second } = parts;
  const last = second ?? { first: 0, offset };
  const registers = last.first + (sizeBytes - last.offset) / SECTOR;
  if (registers < history.size) {
    throw new WrongAnswer(`the disk has become smaller: ${sizeBytes} bytes`);
  }
  history.growTo(registers);
}

function offsetOf({ offset, second }: RegisterParts, register: number): number {
  if (second === undefined || register < second.first) return offset + register * SECTOR;
  return second.offset + (register - second.first) * SECTOR;
}

/** Registers that lie in a row from there on. */
function roomAt({ history, second }: RegisterParts, register: number): number {
  const end = second !== undefined && register < second.first ? second.first : history.size;
  return end - register;
}

async function read(parts: RegisterParts, first: number, count: number): Promise<boolean> {
  const { guest, history } = parts;
  const buffer = Buffer.alloc(count * SECTOR, 0xee);
  const underWay = history.beginRead(first, count);
  const error = await guest.read(offsetOf(parts, first), buffer);
  const values = error === 0 ? decode(buffer, first) : null;
  const wrong = history.endRead(underWay, values);
  if (wrong !== null) throw new WrongAnswer(wrong);
  return error === 0;
}

async function write(
  parts: RegisterParts,
  first: number,
  count: number,
  fua: boolean,
): Promise<void> {
  const { guest, history } = parts;
  const value = parts.nextValue();
  const underWay = history.beginWrite(first, count, value);
  const error = await guest.write(offsetOf(parts, first), encode(first, count, value), fua);
  history.endWrite(underWay, error !== 0 ? 'unknown' : fua ? 'durable' : 'done');
}

async function zero(
  parts: RegisterParts,
  first: number,
  count: number,
  code: 3 | 4,
): Promise<void> {
  const { guest, history } = parts;
  const underWay = history.beginWrite(first, count, 0);
  const error = await guest.other(code, offsetOf(parts, first), count * SECTOR);
  // A trim is a hint: what it covers reads as zeroes, or as before.
  history.endWrite(underWay, error === 0 && code === 4 ? 'done' : 'unknown');
}

async function flush({ guest, history }: RegisterParts): Promise<void> {
  const startedAt = history.beginFlush();
  history.endFlush(startedAt, (await guest.flush()) === 0);
}

/** The register's number, then its value to the end of the sector; zeroes for 0. */
function encode(first: number, count: number, value: number): Buffer {
  const words = new Uint32Array((count * SECTOR) / 4).fill(value);
  for (let index = 0; index < count; index++) words[(index * SECTOR) / 4] = first + index;
  return Buffer.from(words.buffer);
}

function decode(buffer: Buffer, first: number): number[] {
  const values: number[] = [];
  for (let at = 0; at < buffer.length; at += SECTOR) {
    const register = first + at / SECTOR;
    const value = buffer.readUInt32LE(at + 4);
    const named = buffer.readUInt32LE(at);
    const whole = buffer.compare(buffer, at + 4, at + SECTOR - 4, at + 8, at + SECTOR) === 0;
    if (!whole || named !== (value === 0 ? 0 : register)) {
      throw new WrongAnswer(`the sector ${register} holds what nobody has written there`);
    }
    values.push(value);
  }
  return values;
}
