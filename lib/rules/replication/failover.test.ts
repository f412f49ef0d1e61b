// Tests of what a failover allows in which state, and that no order of steps, kills, lost hosts and
// cut lines leaves two virtual machines that write.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { datastoreFacts, hostFacts, vmFacts } from '../facts.fixture.ts';
import { planPowerOn } from '../power.ts';
import {
  type CommitFacts,
  FAILOVER_STATES,
  type FailoverFacts,
  type FailoverState,
  judgeCommit,
  judgeFailover,
  judgeUndo,
  nextEra,
  nextFailoverState,
  replacedReasons,
} from './failover.ts';

const copy = {
  ...{ label: 'Hard disk 1', targetName: 'Recovery site', targetTrouble: '', unusable: '' },
  capacityBytes: 1,
};
const facts: FailoverFacts = {
  kind: 'failover',
  vm: vmFacts({ id: 'vm-1', powerState: 'poweredOff' }),
  host: hostFacts({ id: 'host-1' }),
  disks: [{ label: 'Hard disk 1', state: 'off' }],
  source: { id: 'vm-1', name: 'web01' },
  ...{ copies: [copy], left: [], at: null, name: 'web01-2', nameTaken: false, neededBytes: 0 },
  windowFrom: '2026-11-23T05:00:00.000Z',
  windowTo: '2026-11-23T06:00:00.000Z',
  destination: hostFacts({ id: 'host-2' }),
  datastore: datastoreFacts({ id: 'datastore-1' }),
};
const on = vmFacts({ id: 'vm-1' });
const synced = [{ label: 'Hard disk 1', state: 'inSync' }];
const moving = { ...facts, kind: 'move' as const, vm: on, disks: synced };
const replaced = vmFacts({
  ...{ id: 'vm-1', powerState: 'poweredOff' },
  replacedBy: { id: 'vm-2', name: 'web01-2' },
});
const away = hostFacts({ id: 'host-1', connectionState: 'notResponding' });

function said({ reasons }: { reasons: { message: string }[] }): string {
  return reasons.map(({ message }) => message).join(' ');
}

test('one whose host is lost fails over; one that works is warned of', () => {
  expect(judgeFailover({ ...facts, host: away })).toMatchObject({ allowed: true, warnings: [] });
  const { allowed, warnings } = judgeFailover({ ...facts, vm: on });
  expect(allowed).toBe(true);
  expect(warnings.map(({ message }) => message).join()).toMatch(/planned move would lose nothing/);
  expect(judgeFailover(moving)).toMatchObject({ allowed: true, warnings: [] });
});

test.each<[string, FailoverFacts, RegExp]>([
  ['replaced already', { ...facts, vm: replaced }, /web01-2 stands in for web01/],
  ['a disk without a copy', { ...facts, left: ['Hard disk 2'] }, /Hard disk 2 .* missing/],
  ['a copy that is not whole', { ...facts, copies: [{ ...copy, unusable: 'No.' }] }, /No\./],
  ['a move of one that is off', { ...moving, vm: facts.vm }, /not powered on/],
  ['a move from a host that is away', { ...moving, host: away }, /not connected/],
  ['a move while a copy is behind', { ...moving, disks: facts.disks }, /not in sync/],
  ['a move to a moment', { ...moving, at: facts.windowFrom }, /newest moment/],
])('%s is refused', (_, refused, expected) => {
  const verdict = judgeFailover(refused);
  expect(verdict.allowed).toBe(false);
  expect(said(verdict)).toMatch(expected);
});

test('a VM that was replaced is not powered on, also not where DRS may choose', () => {
  const { host } = facts;
  const drs = { enabled: true, behavior: 'fullyAutomated' as const, threshold: 3 };
  const { verdict } = planPowerOn({ vm: replaced, host, others: [facts.destination], drs });
  expect(verdict.allowed).toBe(false);
  expect(verdict.reasons[0]?.remedy).toMatch(/Undo the failover/);
});

test('undo and commit are for a failover that stands, and for one that could not be undone', () => {
  const { host } = facts;
  for (const state of FAILOVER_STATES) {
    const decision = { vm: replaced, host, state, busy: null };
    const mayUndo = ['standing', 'failing', 'failed', 'undoing'].includes(state);
    expect([state, judgeUndo(decision).allowed]).toEqual([state, mayUndo]);
    const commit: CommitFacts = {
      ...{ ...decision, deleteSource: false, protect: false, isCopied: true, withoutPolicy: [] },
    };
    const mayCommit = ['standing', 'committing'].includes(state);
    expect([state, judgeCommit(commit).allowed]).toEqual([state, mayCommit]);
  }
  expect(judgeUndo({ vm: on, host, state: 'failed', busy: null }).allowed).toBe(false);
});

test.each<[string, Partial<CommitFacts>, RegExp]>([
  ['while disks are copied', { isCopied: false }, /not on a datastore yet/],
  ['while a task runs there', { busy: 'Migrate' }, /“Migrate” is in progress/],
  ['with deletion, of a host that is away', { deleteSource: true, host: away }, /not connected/],
  ['with protection, without policies', { protect: true, withoutPolicy: ['D'] }, /no storage pol/],
])('a commit %s is refused', (_, change, expected) => {
  const fine = { vm: replaced, host: facts.host, state: 'standing' as const, busy: null };
  const commit = { deleteSource: false, protect: false, isCopied: true, withoutPolicy: [] };
  expect(said(judgeCommit({ ...fine, ...commit, ...change }))).toMatch(expected);
});

/** The two virtual machines, the target between them, and what the database has of a failover. */
class Sites {
  isOn = true;
  /** What its host brings back after a loss. */
  shallRun = true;
  marked = false;
  sourceEra = 1;
  /** The era in which its filter has heard that it is replaced. */
  heard = 0;
  hostUp = true;
  lineUp = true;
  targetEra = 1;
  recoveredOn = false;
  state: FailoverState | null = null;
  era = 0;
  wasFenced = true;
  readonly kind: 'failover' | 'move';

  constructor(kind: 'failover' | 'move') {
    this.kind = kind;
  }

  /** What the filter and the target do without anybody's asking. */
  settle(): void {
    if (this.isOn && this.lineUp && this.sourceEra < this.targetEra) this.heard = this.sourceEra;
    if (this.isOn && this.lineUp) this.targetEra = Math.max(this.targetEra, this.sourceEra);
  }

  get sourceWrites(): boolean {
    return this.isOn && this.hostUp && this.heard < this.sourceEra;
  }

  powerOnSource(): void {
    const stands = this.marked ? { id: 'vm-2', name: 'web01-2' } : null;
    const vm = vmFacts({ id: 'vm-1', replacedBy: stands });
    if (this.hostUp && replacedReasons(vm).length === 0) this.isOn = this.shallRun = true;
  }

  /** One effect of the task that is under way; called again, it goes on from what is written. */
  step(fails: boolean): void {
    const { state } = this;
    if (state === null) this.#begin();
    else if (fails && this.#takesBack(state)) this.#fail();
    else if (state === 'stopping') this.#stop();
    else if (state === 'fencing') this.#fence();
    else if (state === 'recovering') this.#recover();
    else if (state === 'failing') this.#takeBack('takenBack');
    else if (state === 'undoing') this.#takeBack('releasedSource');
    else if (state === 'committing') this.#go('kept');
  }

  #takesBack(state: FailoverState): boolean {
    return nextFailoverState(state, 'fail') !== null;
  }

  #begin(): void {
    if (this.marked || (this.kind === 'move' && !(this.isOn && this.hostUp && this.lineUp))) return;
    this.era = nextEra([this.sourceEra, this.targetEra]);
    this.wasFenced = true;
    this.marked = true;
    this.state = 'stopping';
  }

  #stop(): void {
    if (this.kind === 'move') {
      // Without its host or its target nothing is proved, and it is taken back.
      if (!this.hostUp || !this.lineUp) {
        this.#fail();
        return;
      }
      this.isOn = this.shallRun = false;
    }
    this.#go('stopped');
  }

  #fence(): void {
    this.targetEra = Math.max(this.targetEra, this.era);
    this.#go('fenced');
  }

  #recover(): void {
    this.recoveredOn = true;
    this.#go('poweredOn');
  }

  #fail(): void {
    // What was never begun needs no later one.
    this.wasFenced = this.state !== 'stopping';
    this.#go('fail');
  }

  #takeBack(step: 'takenBack' | 'releasedSource'): void {
    this.recoveredOn = false;
    if (this.wasFenced && !this.hostUp) {
      if (step === 'takenBack') this.#go('takenBack');
      return;
    }
    if (this.wasFenced) this.sourceEra = this.era + 1;
    this.#go(step);
    this.marked = false;
  }

  decide(step: 'undo' | 'commit'): void {
    if (this.marked && this.state !== null && nextFailoverState(this.state, step)) this.#go(step);
  }

  #go(step: Parameters<typeof nextFailoverState>[1]): void {
    const next = this.state && nextFailoverState(this.state, step);
    if (next === null) throw new Error(`${step} in ${this.state}`);
    this.state = next;
  }
}

const EVENTS = {
  step: (sites: Sites) => sites.step(false),
  fail: (sites: Sites) => sites.step(true),
  // Its effect came about, but a kill kept it from being written: it is done again.
  killed: (sites: Sites) => {
    const { state } = sites;
    if (state === null || state === 'standing') return;
    sites.step(false);
    if (sites.marked && sites.state !== 'standing') sites.state = state;
  },
  undo: (sites: Sites) => sites.decide('undo'),
  commit: (sites: Sites) => sites.decide('commit'),
  powerOn: (sites: Sites) => sites.powerOnSource(),
  loseHost: (sites: Sites) => {
    sites.hostUp = sites.isOn = false;
  },
  hostBack: (sites: Sites) => {
    sites.isOn = sites.shallRun;
    sites.hostUp = true;
  },
  cut: (sites: Sites) => {
    sites.lineUp = false;
  },
  mend: (sites: Sites) => {
    sites.lineUp = true;
  },
};
type EventName = keyof typeof EVENTS;
const NAMES = Object.keys(EVENTS).filter((name): name is EventName => name in EVENTS);

/** Runs the events, and looks after each of them. */
function run(kind: 'failover' | 'move', events: readonly EventName[], look: (s: Sites) => void) {
  const sites = new Sites(kind);
  for (const name of events) {
    EVENTS[name](sites);
    sites.settle();
    look(sites);
  }
}

/** Half of them steps, so that most failovers come to their end. */
const events = fc.oneof(fc.constant<EventName>('step'), fc.constantFrom(...NAMES));
const sequences = fc.array(events, { minLength: 10, maxLength: 50, size: 'max' });

test('a planned move never has two that write, whatever is killed, lost or cut', () => {
  fc.assert(
    fc.property(sequences, (names) =>
      run('move', names, (sites) => {
        expect([sites.recoveredOn, sites.sourceWrites]).not.toEqual([true, true]);
      }),
    ),
    { numRuns: 2_000 },
  );
});

test('after a failover the source writes only where nobody could tell it', () => {
  fc.assert(
    fc.property(sequences, (names) =>
      run('failover', names, (sites) => {
        const both = sites.recoveredOn && sites.sourceWrites;
        expect(both && (sites.lineUp || sites.sourceEra >= sites.targetEra)).toBe(false);
      }),
    ),
    { numRuns: 2_000 },
  );
});

test('an era never goes back', () => {
  let before = 0;
  fc.assert(
    fc.property(sequences, (names) => {
      before = 0;
      run('failover', names, ({ targetEra }) => {
        expect(targetEra).toBeGreaterThanOrEqual(before);
        before = targetEra;
      });
    }),
  );
});
