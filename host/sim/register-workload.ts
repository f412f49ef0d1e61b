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
const BURST_MAX = 24;
/** Longest pause between two bursts, in milliseconds. */
const PAUSE_MS = 2_500;

export interface RegisterParts {
  guest: GuestDisk;
  history: RegisterHistory;
  random: SeededRandom;
  /** Where the registers begin on the disk, in bytes. */
  offset: number;
  /** Never the same value again. */
  nextValue(): number;
  isOver(): boolean;
}

/** Runs until it is over. Throws `WrongAnswer`. */
export async function useRegisters(parts: RegisterParts): Promise<void> {
  const { guest, random, isOver } = parts;
  while (!isOver()) {
    const depth = 1 + random.below(DEPTH_MAX);
    for (let left = random.below(BURST_MAX); left > 0 && !isOver(); left -= depth) {
      await Promise.all(Array.from({ length: depth }, () => doSomething(parts)));
    }
    await guest.schedule.sleep(random.between(0, PAUSE_MS));
  }
}

/** Reads each register until it answers. Throws `WrongAnswer`. */
export async function readAllRegisters(parts: RegisterParts): Promise<void> {
  const { history } = parts;
  for (let first = 0; first < history.size; first += LARGE_SECTORS) {
    const count = Math.min(LARGE_SECTORS, history.size - first);
    while (!(await read(parts, first, count))) await parts.guest.schedule.sleep(10);
  }
}

async function doSomething(parts: RegisterParts): Promise<void> {
  const { random, history } = parts;
  const most = random.chance(0.04) ? 2 * LARGE_SECTORS : random.pick([1, 4, 16]);
  const count = 1 + random.below(Math.min(most, history.size));
  const first = random.below(history.size - count + 1);
  const draw = random.fraction();
  if (draw < 0.42) await read(parts, first, count);
  else if (draw < 0.8) await write(parts, first, count, random.chance(0.1));
  else if (draw < 0.9) await flush(parts);
  else if (draw < 0.94) await zero(parts, first, count, 4);
  else if (draw < 0.98) await zero(parts, first, count, 3);
  else await parts.guest.other(5, parts.offset + first * SECTOR, count * SECTOR);
}

async function read(parts: RegisterParts, first: number, count: number): Promise<boolean> {
  const { guest, history, offset } = parts;
  const buffer = Buffer.alloc(count * SECTOR, 0xee);
  const underWay = history.beginRead(first, count);
  const error = await guest.read(offset + first * SECTOR, buffer);
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
  const { guest, history, offset } = parts;
  const value = parts.nextValue();
  const underWay = history.beginWrite(first, count, value);
  const error = await guest.write(offset + first * SECTOR, encode(first, count, value), fua);
  history.endWrite(underWay, error !== 0 ? 'unknown' : fua ? 'durable' : 'done');
}

async function zero(
  parts: RegisterParts,
  first: number,
  count: number,
  code: 3 | 4,
): Promise<void> {
  const { guest, history, offset } = parts;
  const underWay = history.beginWrite(first, count, 0);
  const error = await guest.other(code, offset + first * SECTOR, count * SECTOR);
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
