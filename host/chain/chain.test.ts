// Tests of the chain: order by golden trace, every verdict at every position, deferral, and filters
// that misbehave.
import { describe, expect, test } from 'vitest';
import type { Clock } from '#lib/base/clock.ts';
import {
  type Answer,
  COMPLETE,
  DEFER,
  type Deferral,
  type DiskIo,
  EIO,
  ENOSPC,
  type FilterDefinition,
  type FilterHooks,
  PASS,
} from '#lib/filter-sdk/filter.ts';
import { Chain, type ChainDisk, type FilterFaultReport } from './chain.ts';
import { ChainIo, PENDING, READ, WRITE } from './chain-io.ts';
import { IoTracer } from './io-tracer.ts';
import type { OpenFilter } from './open-filter.ts';
import { OwnWork } from './own-work.ts';

class TestIo extends ChainIo {
  ended = 0;
  finished(): void {
    this.ended += 1;
  }
}

const FAIL = -5 as const;
const FAIL_FULL = -28 as const;
const POSITIONS = ['first', 'second', 'third'] as const;

/** Three filters that write down what they are asked, over a disk that does too. */
class Lab {
  readonly log: string[] = [];
  readonly faults: FilterFaultReport[] = [];
  readonly tracer: IoTracer;
  readonly chain: Chain;
  readonly io = new TestIo();
  now = 0;
  diskAnswer = 0;

  constructor(hooks: Partial<Record<string, Partial<FilterHooks>>> = {}) {
    const clock: Clock = {
      now: () => 1_000,
      monotonic: () => this.now,
      after: () => ({ cancel: () => undefined }),
    };
    this.tracer = new IoTracer(clock);
    const disk: ChainDisk = {
      submit: () => {
        this.log.push('disk');
        this.now += 0.005;
        return this.diskAnswer;
      },
    };
    this.chain = new Chain({
      filters: POSITIONS.map((name) => this.#filter(name, hooks[name] ?? {})),
      disk,
      tracer: this.tracer,
      onFault: (fault) => this.faults.push(fault),
    });
    this.io.code = READ;
    this.io.length = 512;
    this.io.buffer = Buffer.alloc(512);
  }

  run(code: typeof READ | typeof WRITE = READ): boolean {
    this.io.code = code;
    return this.chain.submit(this.io);
  }

  #filter(name: string, more: Partial<FilterHooks>): OpenFilter {
    const note = (direction: string, hook?: (io: DiskIo) => Answer) => (io: DiskIo) => {
      this.log.push(`${name} ${direction}`);
      this.now += 0.001;
      return hook?.(io);
    };
    const definition: FilterDefinition = {
      kind: 'partial',
      safeBecause: 'a test',
      name,
      class: 'inspection',
      apiVersion: 1,
      summary: '',
      properties: [],
      statistics: [],
      open: () => ({}),
    };
    const hooks = {
      read: note('in', more.read),
      write: note('in', more.write),
      completed: note('out', more.completed),
    };
    const own = OwnWork.none();
    return {
      name,
      class: 'inspection',
      definition,
      codeId: '',
      properties: {},
      hooks,
      own,
      line: null,
    };
  }
}

const ALL_IN = ['first in', 'second in', 'third in', 'disk'];
const ALL_OUT = ['third out', 'second out', 'first out'];

test('golden trace: in class order on the way in, in reverse on the way out', () => {
  const lab = new Lab();
  lab.tracer.read(0, 1);
  expect(lab.run()).toBe(true);
  expect(lab.log).toEqual([...ALL_IN, ...ALL_OUT]);
  const [entry] = lab.tracer.read(0, 10);
  expect(entry).toEqual({
    sequence: 1,
    at: 1_000,
    operation: 'read',
    offsetBytes: 0,
    lengthBytes: 512,
    error: null,
    microseconds: 11,
    crossings: [
      { filter: 'first', direction: 'in', verdict: 'pass', microseconds: 1 },
      { filter: 'second', direction: 'in', verdict: 'pass', microseconds: 1 },
      { filter: 'third', direction: 'in', verdict: 'pass', microseconds: 1 },
      { filter: 'disk', direction: 'in', verdict: 'complete', microseconds: 5 },
      { filter: 'third', direction: 'out', verdict: 'pass', microseconds: 1 },
      { filter: 'second', direction: 'out', verdict: 'pass', microseconds: 1 },
      { filter: 'first', direction: 'out', verdict: 'pass', microseconds: 1 },
    ],
  });
});

describe.each([0, 1, 2])('a filter at position %i', (position) => {
  const name = POSITIONS[position] ?? '';
  const inUntil = ALL_IN.slice(0, position + 1);
  const outBefore = ALL_OUT.slice(3 - position);

  test.each([
    ['completes', COMPLETE, 0],
    ['fails with EIO', FAIL, EIO],
    ['fails with ENOSPC', FAIL_FULL, ENOSPC],
  ] as const)('%s: those before it are told, nothing below sees it', (_, answer, error) => {
    const lab = new Lab({ [name]: { read: () => answer } });
    expect(lab.run()).toBe(true);
    expect(lab.log).toEqual([...inUntil, ...outBefore]);
    expect(lab.io.error).toBe(error);
  });

  test('fails on the way out: those before it see the error', () => {
    const seen: number[] = [];
    const lab = new Lab({
      [name]: { completed: () => FAIL },
      first:
        position === 0
          ? { completed: () => FAIL }
          : { completed: (io) => void seen.push(io.error) },
    });
    lab.run();
    expect(lab.log).toEqual([...ALL_IN, ...ALL_OUT]);
    expect(lab.io.error).toBe(EIO);
    expect(seen).toEqual(position === 0 ? [] : [EIO]);
  });

  test.each([
    ['pass', (token: Deferral) => token.pass(), 0, [...ALL_IN, ...ALL_OUT]],
    ['complete', (token: Deferral) => token.complete(), 0, [...inUntil, ...outBefore]],
    ['fail', (token: Deferral) => token.fail(ENOSPC), ENOSPC, [...inUntil, ...outBefore]],
  ] as const)('defers, then answers %s', (_, answer, error, order) => {
    const tokens: Deferral[] = [];
    const lab = new Lab({
      [name]: {
        read: (io) => {
          tokens.push(io.defer());
          return DEFER;
        },
      },
    });
    expect(lab.run()).toBe(false);
    expect(lab.chain.inFlight).toBe(1);
    expect(lab.log).toEqual(inUntil);
    for (const token of tokens) answer(token);
    expect(lab.log).toEqual(order);
    expect(lab.io).toMatchObject({ ended: 1, error });
    expect(lab.chain.inFlight).toBe(0);
  });

  test('defers on the way out', () => {
    const tokens: Deferral[] = [];
    const lab = new Lab({
      [name]: {
        completed: (io) => {
          tokens.push(io.defer());
          return DEFER;
        },
      },
    });
    expect(lab.run()).toBe(false);
    expect(lab.log).toEqual([...ALL_IN, ...ALL_OUT.slice(0, 3 - position)]);
    tokens[0]?.pass();
    expect(lab.log).toEqual([...ALL_IN, ...ALL_OUT]);
    expect(lab.io.ended).toBe(1);
  });

  test('answers its token before it returns DEFER', () => {
    const lab = new Lab({
      [name]: {
        read: (io) => {
          io.defer().pass();
          return DEFER;
        },
      },
    });
    expect(lab.run()).toBe(true);
    expect(lab.log).toEqual([...ALL_IN, ...ALL_OUT]);
    expect(lab.faults).toEqual([]);
  });

  test('throws: the I/O fails with EIO and the fault names filter and operation', () => {
    const lab = new Lab({
      [name]: {
        read: () => {
          throw new Error('broken');
        },
      },
    });
    expect(lab.run()).toBe(true);
    expect(lab.io.error).toBe(EIO);
    expect(lab.log).toEqual([...inUntil, ...outBefore]);
    expect(lab.faults).toEqual([{ filter: name, operation: 'read', message: 'Error: broken' }]);
  });
});

/** What TypeScript would not let a filter answer. */
function wrong(answer: unknown): (io: DiskIo) => Answer {
  const box: { answer: Answer } = { answer: PASS };
  Reflect.set(box, 'answer', answer);
  return () => box.answer;
}

function forgetDefer(io: DiskIo): Answer {
  io.defer();
  return PASS;
}

test.each([
  ['DEFER without a token', wrong(DEFER)],
  ['a token without DEFER', forgetDefer],
  ['a number that is no answer', wrong(7)],
  ['a promise', (io: DiskIo) => wrong(Promise.reject(new Error('late')))(io)],
  ['an error number that filters may not give', wrong(-1)],
] as const)('%s is a fault and fails the I/O', (_, read) => {
  const lab = new Lab({ second: { read } });
  expect(lab.run()).toBe(true);
  expect(lab.io.error).toBe(EIO);
  expect(lab.faults).toHaveLength(1);
  expect(lab.log).toEqual(['first in', 'second in', 'first out']);
});

test('COMPLETE has no meaning on the way out', () => {
  const lab = new Lab({ second: { completed: () => COMPLETE } });
  lab.run();
  expect(lab.faults).toMatchObject([{ filter: 'second', operation: 'completed' }]);
  expect(lab.io.error).toBe(EIO);
});

test('a second answer is a fault and changes nothing', () => {
  const tokens: Deferral[] = [];
  const lab = new Lab({
    second: {
      read: (io) => {
        tokens.push(io.defer());
        return DEFER;
      },
    },
  });
  lab.run();
  tokens[0]?.pass();
  tokens[0]?.fail(EIO);
  expect(lab.io).toMatchObject({ ended: 1, error: 0 });
  expect(lab.faults).toMatchObject([{ filter: 'second', operation: 'read' }]);
});

test('a token that was not honoured is dead', () => {
  const tokens: Deferral[] = [];
  const lab = new Lab({
    second: {
      read: (io) => {
        tokens.push(io.defer());
        return FAIL;
      },
    },
  });
  expect(lab.run()).toBe(true);
  tokens[0]?.pass();
  expect(lab.io.ended).toBe(0);
  expect(lab.faults).toHaveLength(1);
});

test('an I/O cannot be deferred after its hook has returned', () => {
  const kept: DiskIo[] = [];
  const lab = new Lab({ first: { read: (io) => void kept.push(io) } });
  lab.run();
  expect(() => kept[0]?.defer()).toThrow();
});

test('a disk that answers later takes the I/O through the way out then', () => {
  const lab = new Lab();
  lab.diskAnswer = PENDING;
  expect(lab.run(WRITE)).toBe(false);
  expect(lab.log).toEqual(ALL_IN);
  lab.chain.diskDone(lab.io, ENOSPC);
  expect(lab.log).toEqual([...ALL_IN, ...ALL_OUT]);
  expect(lab.io).toMatchObject({ ended: 1, error: ENOSPC });
});

test('one I/O in 64 is traced, and every one while someone looks', () => {
  const lab = new Lab();
  for (let count = 0; count < 640; count++) lab.run();
  expect(lab.tracer.read(0, 500)).toHaveLength(10);
  for (let count = 0; count < 100; count++) lab.run();
  expect(lab.tracer.read(640, 500)).toHaveLength(100);
  lab.now += 6_000;
  for (let count = 0; count < 129; count++) lab.run();
  expect(lab.tracer.read(740, 500).length).toBeLessThanOrEqual(4);
  expect(lab.chain.meters[0]?.ios).toBe(869);
  expect(lab.chain.meters[0]?.latency.total).toBeGreaterThan(100);
});

test('the data of an I/O are a view of its buffer, and nothing for other operations', () => {
  const lab = new Lab({ second: { read: (io) => void io.data.fill(7) } });
  lab.io.buffer = Buffer.alloc(1024);
  lab.io.start = 256;
  lab.run();
  expect(lab.io.buffer.indexOf(7)).toBe(256);
  expect(lab.io.buffer.lastIndexOf(7)).toBe(767);
});

test('a slice of what a filter is lent is a copy, also when the socket gave a Buffer', () => {
  let kept: Uint8Array = new Uint8Array();
  const keep = (io: DiskIo): void => {
    kept = io.data.slice();
    io.data.fill(9);
  };
  const lab = new Lab({ first: { write: keep } });
  lab.io.buffer = Buffer.alloc(512, 7);
  lab.io.code = WRITE;
  lab.io.length = 512;
  lab.chain.submit(lab.io);
  expect([kept[0], lab.io.buffer[0]]).toEqual([7, 9]);
});
