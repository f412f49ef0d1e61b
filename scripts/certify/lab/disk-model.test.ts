// Tests of the model: what it lets a disk hold, and what not.
import { expect, test } from 'vitest';
import { type Change, DiskModel } from './disk-model.ts';

const RANGE = { first: 3, end: 5 };

function read(model: DiskModel, data: Uint8Array): string | null {
  return model.judgeRead(model.beginRead(RANGE.first, RANGE.end), data);
}

function written(model: DiskModel, forced = false): { change: Change; data: Buffer } {
  const change = model.begin('write', RANGE, forced);
  const data = model.dataOf(change);
  return { change, data };
}

const zeroes = Buffer.alloc(1024);

test('an answered write is there, and what was before is not', () => {
  const model = new DiskModel(8);
  expect(read(model, zeroes)).toBeNull();
  const { change, data } = written(model);
  model.end(change);
  expect(read(model, data)).toBeNull();
  expect(read(model, zeroes)).toMatch(/sector 3 holds zeroes.*last.* write 1/);
  const broken = Buffer.from(data);
  broken[700] = (broken[700] ?? 0) ^ 1;
  expect(read(model, broken)).toMatch(/sector 4 holds a broken copy of the data of write 1/);
});

test('a write under way, and a failed one, may be there or not', () => {
  const model = new DiskModel(8);
  const { change, data } = written(model);
  expect(read(model, zeroes)).toBeNull();
  expect(read(model, data)).toBeNull();
  model.end(change, true);
  expect(read(model, data)).toBeNull();
  // Now it is known which.
  expect(read(model, zeroes)).not.toBeNull();
});

test('of two at once either may be the last, and one read tells which', () => {
  const model = new DiskModel(8);
  const [a, b] = [written(model), written(model)];
  model.end(b.change);
  model.end(a.change);
  expect(read(model, a.data)).toBeNull();
  expect(read(model, b.data)).toMatch(/holds the data of write 2/);
});

test('a read that was under way may see what came meanwhile', () => {
  const model = new DiskModel(8);
  const early = model.beginRead(3, 5);
  const { change, data } = written(model);
  model.end(change);
  expect(model.judgeRead(early, data)).toBeNull();
});

test('a read that was under way may see what stood there when it began', () => {
  const model = new DiskModel(8);
  const early = model.beginRead(3, 5);
  for (let round = 0; round < 3; round++) model.end(written(model).change);
  expect(model.judgeRead(early, zeroes)).toBeNull();
  expect(read(model, zeroes)).not.toBeNull();
});

test('a trim is obeyed or not, and then it stays so; zeroing is always obeyed', () => {
  for (const zeroed of [true, false]) {
    const model = new DiskModel(8);
    const { change, data } = written(model);
    model.end(change);
    model.end(model.begin('trim', RANGE));
    expect(read(model, zeroed ? zeroes : data)).toBeNull();
    expect(read(model, zeroed ? data : zeroes)).not.toBeNull();
    model.end(model.begin('zero', RANGE));
    expect(read(model, data)).not.toBeNull();
    expect(read(model, zeroes)).toBeNull();
  }
});

test('a crash loses what was neither flushed nor forced, and nothing else', () => {
  for (const how of ['lost', 'flushed', 'forced'] as const) {
    const model = new DiskModel(8);
    const { change, data } = written(model, how === 'forced');
    model.end(change);
    if (how === 'flushed') model.flushed(model.beginFlush());
    model.crash();
    expect(read(model, zeroes) === null).toBe(how === 'lost');
    const again = new DiskModel(8);
    const other = written(again);
    again.end(other.change);
    again.crash();
    expect(read(again, other.data)).toBeNull();
    expect(data.length).toBe(1024);
  }
});

test('a flush says nothing about a write that was answered after it went out', () => {
  const model = new DiskModel(8);
  const first = written(model);
  const flush = model.beginFlush();
  model.end(first.change);
  model.flushed(flush);
  model.crash();
  expect(read(model, zeroes)).toBeNull();
});
