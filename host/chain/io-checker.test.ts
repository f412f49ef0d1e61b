// Tests of checked mode: what a filter does to data that are not its own is seen, and what it does
// to its own data counts.
import { beforeEach, expect, test } from 'vitest';
import {
  COMPLETE,
  DEFER,
  type Deferral,
  type DiskIo,
  type FilterDefinition,
  type FilterHooks,
} from '#lib/filter-sdk/filter.ts';
import { Chain, type FilterFaultReport } from './chain.ts';
import { ChainIo, READ, WRITE } from './chain-io.ts';
import { POISON } from './io-checker.ts';
import { IoTracer } from './io-tracer.ts';
import type { OpenFilter } from './open-filter.ts';
import { OwnWork } from './own-work.ts';

const LENGTH = 512;

class TestIo extends ChainIo {
  ended = 0;
  finished(): void {
    this.ended += 1;
  }
}

let io: TestIo;
/** What reached the disk. */
let written: Buffer | null;
const faults: FilterFaultReport[] = [];

beforeEach(() => {
  faults.length = 0;
  written = null;
  io = new TestIo();
  // In the middle of a slab, as a client's data are.
  Object.assign(io, { length: LENGTH, buffer: Buffer.alloc(4 * LENGTH, 1), start: LENGTH });
});

function chainOf(hooks: Partial<FilterHooks>, checked = true): Chain {
  const definition: FilterDefinition = {
    ...{ kind: 'partial', safeBecause: 'a test', name: 'bad', class: 'inspection' },
    ...{ apiVersion: 1, summary: '', properties: [], statistics: [], open: () => hooks },
  };
  const filter: OpenFilter = {
    ...{ name: 'bad', class: 'inspection', definition, codeId: '', properties: {}, hooks },
    ...{ own: OwnWork.none(), line: null },
  };
  const clock = { now: () => 0, monotonic: () => 0, after: () => ({ cancel: () => undefined }) };
  return new Chain({
    filters: [filter],
    disk: {
      submit(each) {
        const { buffer, start, length } = each;
        if (each.code === WRITE) written = Buffer.from(buffer.subarray(start, start + length));
        else buffer.fill(7, start, start + length);
        return 0;
      },
    },
    tracer: new IoTracer(clock),
    checked,
    onFault: (report) => faults.push(report),
  });
}

function run(hooks: Partial<FilterHooks>, code: typeof READ | typeof WRITE = WRITE): Chain {
  const chain = chainOf(hooks);
  io.code = code;
  chain.submit(io);
  return chain;
}

function messages(): string[] {
  return faults.map(({ filter, operation, message }) => `${filter} ${operation}: ${message}`);
}

test('what a filter changes in its data counts, on both ways', () => {
  run({ write: ({ data }) => void data.fill(3) });
  expect(written).toEqual(Buffer.alloc(LENGTH, 3));
  run({ completed: ({ data }) => void data.fill(data[0] === 7 ? 9 : 0) }, READ);
  expect(io.buffer.subarray(LENGTH, 2 * LENGTH)).toEqual(Buffer.alloc(LENGTH, 9));
  run(
    {
      read({ data }) {
        data.fill(4);
        return COMPLETE;
      },
    },
    READ,
  );
  expect(io.buffer.subarray(LENGTH, 2 * LENGTH)).toEqual(Buffer.alloc(LENGTH, 4));
  expect(faults).toEqual([]);
});

test.each([-1, LENGTH])('a byte written at %i of the data is seen and reaches nobody', (at) => {
  run({
    write({ data }) {
      new Uint8Array(data.buffer, data.byteOffset + at, 1).fill(0xee);
    },
  });
  expect(messages()).toEqual(["bad write: wrote outside an I/O's data"]);
  expect(io.buffer.includes(0xee)).toBe(false);
});

test('data cannot be reached far beyond', () => {
  let reach = 0;
  run({
    write({ data }) {
      reach = data.buffer.byteLength;
    },
  });
  expect(reach).toBe(LENGTH + 128);
});

test('data that are kept are poisoned, and a write to them is seen', () => {
  let kept: Uint8Array = new Uint8Array(0);
  const chain = run({
    write({ data }) {
      kept = data;
    },
  });
  expect(kept.every((byte) => byte === POISON)).toBe(true);
  chain.sweep();
  expect(faults).toEqual([]);
  run({
    write({ data }) {
      kept = data;
    },
  });
  const other = chainOf({
    write({ data }) {
      kept = data;
    },
  });
  other.submit(io);
  kept[5] = 1;
  other.sweep();
  expect(messages()).toEqual(["bad write: wrote to an I/O's data after it had answered"]);
  expect(written).toEqual(Buffer.alloc(LENGTH, 1));
});

test('an I/O that is kept says nothing any more, and complains', () => {
  const kept: DiskIo[] = [];
  run({ write: (each) => void kept.push(each) });
  expect(() => kept[0]?.data).toThrow('ESTALE');
  expect(() => kept[0]?.defer()).toThrow('ESTALE');
  const used = 'bad write: used an I/O after it had answered';
  expect(messages()).toEqual([used, used]);
});

test('a deferred I/O is lent until its token is answered', () => {
  let token: Deferral | null = null;
  const kept: DiskIo[] = [];
  run({
    write(each) {
      kept.push(each);
      token = each.defer();
      return DEFER;
    },
  });
  kept[0]?.data.fill(5);
  const held: Deferral | null = token;
  (held as Deferral | null)?.pass();
  expect(written).toEqual(Buffer.alloc(LENGTH, 5));
  expect(io.ended).toBe(1);
  expect(faults).toEqual([]);
  expect(() => kept[0]?.offset).toThrow('ESTALE');
});

test.each([
  ['offset', 4096],
  ['length', 1024],
  ['start', 0],
])('a filter that changes %s of an I/O fails it and changes nothing', (name, value) => {
  const chain = chainOf({ write: (each) => void Object.assign(each, { [name]: value }) }, false);
  io.code = WRITE;
  expect(chain.submit(io)).toBe(true);
  expect(io.error).toBe(5);
  expect(io).toMatchObject({ offset: 0, length: LENGTH, start: LENGTH });
  expect(written).toBeNull();
  expect(messages()).toEqual(['bad write: changed what the I/O is']);
});
