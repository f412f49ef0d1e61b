// A recipe: all that happens to a simulated fleet from outside, drawn from a seed before it runs,
// so that parts of it can be left out to see whether it still fails. Whole kinds of event are
// switched off at random, because what happens all the time keeps the rest from happening.
import { SeededRandom } from './seeded-random.ts';

const GENERAL = [
  'killWorld',
  'pauseWorld',
  'killAgent',
  'crashHost',
  'losePower',
  'cutOff',
  'isolate',
  'partition',
  'stall',
  'lockOut',
  'slowLock',
  'stepClock',
  'slowDisk',
  'slowHost',
  'readErrors',
  'writeErrors',
  'syncErrors',
  'lockErrors',
  'fullDisk',
  'migrate',
  'powerCycle',
  'setFilters',
  'snapshot',
  'removeSnapshot',
  'revert',
  'grow',
  'relocate',
  'clone',
  'attach',
  'detach',
  'suspend',
  'reset',
] as const;

export const EVENT_KINDS = [...GENERAL, 'flashErrors', 'rekey', 'keysAway', 'destroy'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** What separates a host from its disks, or its lock from it, while another wants them. */
const FENCING: readonly EventKind[] = ['partition', 'stall', 'lockOut', 'slowLock', 'migrate'];

/** What guests must not notice but for a pause: nothing else happens then. */
const CALM: readonly EventKind[] = [
  'migrate',
  'migrate',
  'setFilters',
  'snapshot',
  'removeSnapshot',
  'grow',
  'relocate',
  'attach',
];

const SNAPSHOTS: readonly EventKind[] = ['snapshot', 'snapshot', 'removeSnapshot', 'revert'];
const DISKS: readonly EventKind[] = ['grow', 'relocate', 'clone', 'attach', 'detach', 'snapshot'];

/** A host that cannot be reached starts again what died while another takes it over. */
const RACES: readonly EventKind[] = ['isolate'];

/** What a run is about: kinds that are worth most together. */
const THEMES = {
  all: GENERAL,
  storage: [
    ...(['losePower', 'killWorld', 'readErrors', 'writeErrors', 'syncErrors'] as const),
    ...(['fullDisk', 'setFilters'] as const),
  ],
  hosts: [
    ...(['isolate', 'cutOff', 'pauseWorld', 'slowHost', 'lockErrors'] as const),
    ...(['stepClock', 'killAgent'] as const),
  ],
  races: RACES,
  fencing: FENCING,
  moves: [
    ...(['migrate', 'migrate', 'setFilters', 'powerCycle', 'slowDisk'] as const),
    ...(['writeErrors', 'losePower', 'pauseWorld'] as const),
  ],
  calm: CALM,
  snapshots: [
    ...SNAPSHOTS,
    ...(['losePower', 'killWorld', 'writeErrors', 'syncErrors', 'fullDisk', 'migrate'] as const),
  ],
  tornSnapshots: [
    ...SNAPSHOTS,
    ...(['losePower', 'slowDisk', 'crashHost', 'stall', 'partition'] as const),
  ],
  operations: [...SNAPSHOTS, ...DISKS, 'suspend', 'reset', 'powerCycle'],
  disks: [...DISKS, 'losePower', 'slowDisk', 'killWorld', 'killAgent', 'fullDisk'],
  lasting: ['grow', 'grow', 'relocate', 'relocate', 'snapshot', 'removeSnapshot', 'clone'],
  lostHosts: [...DISKS, ...SNAPSHOTS, 'crashHost', 'isolate', 'migrate', 'suspend'],
  deletions: [
    ...(['clone', 'clone', 'destroy', 'destroy', 'destroy', 'snapshot', 'relocate'] as const),
    ...(['killAgent', 'killWorld', 'losePower', 'crashHost', 'isolate', 'partition'] as const),
  ],
  flash: [
    ...(['killWorld', 'killAgent', 'crashHost', 'losePower', 'isolate', 'partition'] as const),
    ...(['flashErrors', 'writeErrors', 'syncErrors', 'fullDisk', 'slowDisk', 'stall'] as const),
    ...(['setFilters', 'migrate', 'snapshot', 'removeSnapshot', 'revert', 'relocate'] as const),
    ...(['clone', 'grow', 'powerCycle', 'suspend'] as const),
  ],
  keys: [
    ...(['rekey', 'rekey', 'rekey', 'killWorld', 'killAgent', 'crashHost', 'losePower'] as const),
    ...(['isolate', 'keysAway', 'writeErrors', 'syncErrors', 'fullDisk', 'slowDisk'] as const),
    ...(['migrate', 'snapshot', 'removeSnapshot', 'revert', 'relocate', 'clone'] as const),
    ...(['grow', 'powerCycle', 'suspend'] as const),
  ],
} as const satisfies Record<string, readonly EventKind[]>;
export type Theme = keyof typeof THEMES;

/** The sets of filters that a run's disks have are of one of these. */
export const FAMILIES = ['general', 'flash', 'keys'] as const;
export type Family = (typeof FAMILIES)[number];

/** Drawn from as they stand here. */
const DRAWN: readonly Theme[] = [
  ...(['all', 'storage', 'hosts', 'races', 'fencing', 'fencing', 'fencing', 'moves'] as const),
  ...(['calm', 'calm', 'snapshots', 'tornSnapshots', 'operations', 'disks', 'lostHosts'] as const),
  'lasting',
];

export function isTheme(name: string): name is Theme {
  return Object.keys(THEMES).includes(name);
}

export interface RecipeEvent {
  /** Milliseconds after the start. */
  at: number;
  kind: EventKind;
  /** How long it lasts, where it does. */
  forMs: number;
  /** Which host, VM or set of filters: taken modulo how many there are. */
  target: number;
  /** How bad, from 0 to 1. */
  severity: number;
  /** An operation loses its world, or the other one, after so many steps; null: it does not. */
  killAfter: number | null;
}

export interface Recipe {
  seed: number;
  hosts: number;
  vms: number;
  /** All hosts on one machine, so that they can see each other's processes. */
  oneMachine: boolean;
  /** Share of unsynced sectors that a power failure leaves. */
  kept: number;
  /** A failed sync forgets what it had to write. */
  syncForgets: boolean;
  /** A VM that its host lost, or that is out of reach, is started elsewhere. */
  failsOver: boolean;
  family: Family;
  /** Filters that each VM begins with: a set of the family, modulo how many there are. */
  filters: number;
  /** Redo logs that each disk begins with. */
  redoLogs: number;
  /** Longest pause of a guest between two bursts, in milliseconds. */
  pauseMs: number;
  /** Longest time of a call to sound storage, in milliseconds. */
  callMs: number;
  durationMs: number;
  events: RecipeEvent[];
}

/** Of that theme, or of any. */
export function drawRecipe(seed: number, wanted?: Theme): Recipe {
  const random = new SeededRandom(seed, 'recipe');
  const drawn = random.pick(DRAWN);
  const theme = wanted ?? drawn;
  const hosts = random.pick([1, 2, 2, 2, 3]);
  const isCalm = theme === 'calm';
  const durationMs = isCalm ? random.between(8_000, 15_000) : random.between(15_000, 60_000);
  const all: readonly EventKind[] = THEMES[theme];
  const some = all.filter(() => random.chance(theme === 'all' ? 0.35 : 0.6));
  const kinds = some.length === 0 && theme === 'races' ? all : some;
  const count = kinds.length === 0 ? 0 : 2 + random.below(16);
  const events = Array.from({ length: count }, () => drawEvent(random, kinds, durationMs));
  const fences = theme === 'fencing' || theme === 'races';
  if (isCalm) for (const event of events) event.killAfter = null;
  if (fences) for (const event of events) event.forMs = Math.round(random.between(6e3, 35e3));
  if (theme === 'lasting') for (const event of events) losePowerAfter(random, event);
  if (theme === 'races') events.push(...events.map((event) => endWhileApart(random, event)));
  return {
    seed,
    hosts: fences ? Math.max(hosts, 2) : hosts,
    vms: random.pick([1, 1, 2]),
    oneMachine: random.chance(0.5),
    kept: theme === 'lasting' ? 0 : random.pick([0, 0.3, 0.7]),
    syncForgets: random.chance(0.5),
    failsOver: fences || random.chance(0.6),
    family: theme === 'flash' || theme === 'keys' ? theme : 'general',
    filters: random.below(64),
    redoLogs: theme === 'keys' ? 0 : random.pick([0, 0, 1, 2]),
    pauseMs: isCalm ? 100 : 2_500,
    callMs: isCalm ? random.pick([1, 5, 25]) : 1,
    durationMs,
    events: events.sort((a, b) => a.at - b.at),
  };
}

/** The power fails right after the operation. */
function losePowerAfter(random: SeededRandom, event: RecipeEvent): void {
  event.killAfter = 1 + 2 * random.below(12);
  event.forMs = 4 + 5 * random.below(200);
}

/** The world dies about when another host begins to take the VM over. */
function endWhileApart(random: SeededRandom, event: RecipeEvent): RecipeEvent {
  return { ...event, kind: 'killWorld', at: Math.round(event.at + random.between(3_500, 6_000)) };
}

function drawEvent(
  random: SeededRandom,
  kinds: readonly EventKind[],
  durationMs: number,
): RecipeEvent {
  return {
    at: Math.round(random.between(0, durationMs)),
    kind: random.pick(kinds),
    forMs: Math.round(random.pick([random.between(5, 500), random.between(500, 30_000)])),
    target: random.below(64),
    severity: random.fraction(),
    killAfter: random.chance(0.3) ? random.below(random.pick([120, 120, 500])) : null,
  };
}

/** One event in a line. */
export function describeEvent({
  at,
  kind,
  forMs,
  target,
  severity,
  killAfter,
}: RecipeEvent): string {
  const kill = killAfter === null ? '' : `, killed after ${killAfter} steps`;
  return (
    `${(at / 1000).toFixed(3)} s: ${kind} #${target} for ${forMs} ms, ` +
    `severity ${severity.toFixed(2)}${kill}`
  );
}
