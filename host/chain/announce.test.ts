// Tests of announcements: who hears what in which order, who may refuse, and what a filter that
// does not answer comes to.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Clock } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import type { DiskEvent, DiskEventKind, FilterLifecycle } from '#lib/filter-sdk/filter.ts';
import { Fault } from '#lib/model/fault.ts';
import { ANSWER_MS, Announcement, changeEvents, FROZEN_ANSWER_MS } from './announce.ts';
import type { FilterFaultReport } from './chain.ts';
import type { OpenFilter } from './open-filter.ts';
import { OwnWork } from './own-work.ts';

const NAMES = ['first', 'second', 'third'] as const;
type Answers = Partial<Record<string, (event: DiskEvent) => void | Promise<void>>>;

/** Three filters that write down what they hear, and a clock that a test moves. */
class Lab {
  readonly log: string[] = [];
  readonly faults: FilterFaultReport[] = [];
  readonly filters: OpenFilter[];
  readonly announcement: Announcement;
  #timers: { at: number; callback: () => void }[] = [];
  #now = 0;

  constructor(kind: DiskEventKind, answers: Answers = {}) {
    this.filters = NAMES.map((name) => this.#filter(name, answers[name]));
    const clock: Clock = {
      now: () => this.#now,
      monotonic: () => this.#now,
      after: (milliseconds, callback) => {
        const timer = { at: this.#now + milliseconds, callback };
        this.#timers.push(timer);
        return {
          cancel: () => {
            this.#timers = this.#timers.filter((each) => each !== timer);
          },
        };
      },
    };
    this.announcement = new Announcement({
      filters: this.filters,
      event: { kind, sizeBytes: 4096, quiesced: false, filterLeaves: false },
      clock,
      onFault: (report) => this.faults.push(report),
    });
  }

  async advance(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    for (const { callback } of due) callback();
    await settle();
  }

  #filter(name: string, answer?: (event: DiskEvent) => void | Promise<void>): OpenFilter {
    const hooks: FilterLifecycle = {
      diskEvent: (event) => {
        this.log.push(`${name} ${event.phase}`);
        return answer?.(event);
      },
    };
    const identity = { name, class: 'inspection', apiVersion: 1, summary: '' } as const;
    const definition = {
      ...({ ...identity, kind: 'partial', safeBecause: 'a test' } as const),
      ...{ properties: [], statistics: [], open: () => hooks },
    };
    const own = OwnWork.none();
    own.release();
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

function heard(phase: string, names: readonly string[] = NAMES): string[] {
  return names.map((name) => `${name} ${phase}`);
}

function throwing(phase: DiskEvent['phase'], late: boolean) {
  return (event: DiskEvent): void | Promise<void> => {
    if (event.phase !== phase) return;
    if (late) return Promise.reject(new Error('not now'));
    throw new Error('not now');
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await setImmediate();
}

test('an operation is told in class order, each time to all', async () => {
  const { announcement, log, faults } = new Lab('snapshotCreate');
  await announcement.prepare();
  await announcement.freeze();
  await announcement.done();
  expect(log).toEqual([...heard('prepare'), ...heard('frozen'), ...heard('done')]);
  expect(faults).toEqual([]);
});

test('one that fails for another reason is undone in reverse order, once', async () => {
  const { announcement, log } = new Lab('grow');
  await announcement.prepare();
  await announcement.freeze();
  await announcement.undone();
  await announcement.undone();
  const undone = heard('undone', NAMES.toReversed());
  expect(log).toEqual([...heard('prepare'), ...heard('frozen'), ...undone]);
});

describe.each([
  ['a throw', false],
  ['a rejection', true],
] as const)('%s', (_, late) => {
  test('in prepare vetoes, names filter and operation, and is undone by those before', async () => {
    const { announcement, log, faults } = new Lab('clone', { second: throwing('prepare', late) });
    const refusal = await announcement.prepare().catch((thrown: unknown) => thrown);
    expect(refusal).toBeInstanceOf(Fault);
    expect(refusal).toMatchObject({
      fault: 'FilterFault',
      message: 'The I/O filter second refuses clone (prepare): not now',
    });
    expect(log).toEqual(['first prepare', 'second prepare', 'first undone']);
    expect(faults).toEqual([
      { filter: 'second', operation: 'clone (prepare)', message: 'not now' },
    ]);
  });

  test('in frozen vetoes, and all who prepared hear of it in reverse', async () => {
    const { announcement, log } = new Lab('relocate', { first: throwing('frozen', late) });
    await announcement.prepare();
    await expect(announcement.freeze()).rejects.toThrow('first refuses relocate (frozen)');
    const undone = heard('undone', NAMES.toReversed());
    expect(log).toEqual([...heard('prepare'), 'first frozen', ...undone]);
  });

  test('in done or undone is a failure that stops nothing', async () => {
    const answer = throwing('done', late);
    const { announcement, log, faults } = new Lab('attach', { first: answer });
    await announcement.prepare();
    await announcement.done();
    expect(log).toEqual([...heard('prepare'), ...heard('done')]);
    expect(faults).toEqual([{ filter: 'first', operation: 'attach (done)', message: 'not now' }]);
  });

  test.each([
    ['reset', 'prepare'],
    ['reset', 'frozen'],
    ['resume', 'prepare'],
    ['powerOff', 'frozen'],
    ['migrate', 'frozen'],
  ] as const)('cannot stop %s in %s', async (kind, phase) => {
    const { announcement, log, faults } = new Lab(kind, { second: throwing(phase, late) });
    await announcement.prepare();
    await announcement.freeze();
    await announcement.done();
    expect(log).toEqual([...heard('prepare'), ...heard('frozen'), ...heard('done')]);
    expect(faults).toEqual([
      { filter: 'second', operation: `${kind} (${phase})`, message: 'not now' },
    ]);
  });
});

test('migrate can be refused while the disk still works', async () => {
  const { announcement } = new Lab('migrate', { second: throwing('prepare', false) });
  await expect(announcement.prepare()).rejects.toThrow('refuses migrate');
});

test.each([
  ['prepare', ANSWER_MS],
  ['frozen', FROZEN_ANSWER_MS],
] as const)('no answer to %s within its time is a veto', async (phase, limitMs) => {
  const never = (event: DiskEvent) =>
    event.phase === phase ? new Promise<void>(() => undefined) : undefined;
  const lab = new Lab('suspend', { second: never });
  const outcome = (async () => {
    await lab.announcement.prepare();
    await lab.announcement.freeze();
  })().catch((thrown: unknown) => String(thrown));
  await settle();
  await lab.advance(limitMs - 1);
  expect(lab.faults).toEqual([]);
  await lab.advance(1);
  expect(await outcome).toContain(`it did not answer within ${limitMs / 1000} s`);
  expect(lab.log).toContain('second undone');
});

test("a filter's own work is waited for, and its next stands still until done", async () => {
  const lab = new Lab('snapshotCreate');
  const [filter] = lab.filters;
  const order: string[] = [];
  await lab.announcement.prepare();
  await lab.announcement.freeze();
  const write = filter?.own.sidecar.write(new Uint8Array(1)).catch(() => order.push('tried'));
  await settle();
  order.push('done');
  await lab.announcement.done();
  await write;
  expect(order).toEqual(['done', 'tried']);
});

test('of a change of filters who leaves hears detach, who stays or comes reconfigure', async () => {
  const heard: string[] = [];
  const says = ({ kind, phase, filterLeaves, filters }: DiskEvent) => {
    heard.push(`${kind} ${phase} ${filterLeaves} ${filters?.join('+') ?? '-'}`);
  };
  const lab = new Lab('reconfigure', { first: says, second: says });
  const other = new Lab('reconfigure', { third: says });
  const [first, second] = lab.filters;
  const third = other.filters[2];
  if (!first || !second || !third) throw new Error('a lab has three filters');
  const change = new Announcement({
    ...changeEvents(4096, ['first', 'third']),
    filters: [first, second],
    clock: systemClock,
    onFault: (report) => lab.faults.push(report),
  });
  await change.prepare();
  await change.freeze();
  await change.doneFor([first, third]);
  expect(heard).toEqual([
    'reconfigure prepare false first+third',
    'detach prepare true -',
    'reconfigure frozen false first+third',
    'detach frozen true -',
    'reconfigure done false first+third',
    'reconfigure done false first+third',
  ]);
  expect(lab.faults).toEqual([]);
});
