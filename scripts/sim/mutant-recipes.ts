// Recipes that are built and not drawn, each for a fault to which chance hardly comes
// (mutants.ts).
import type { EventKind, Recipe, RecipeEvent } from '#host/sim/recipe.ts';

/** A linked clone on the second of two snapshots, whose own snapshot is removed. */
export const CLONE_OF_TWO_SNAPSHOTS: Recipe = {
  ...{ seed: 7, hosts: 1, vms: 1, oneMachine: true, kept: 0.3, syncForgets: false },
  ...{ failsOver: false, family: 'general', filters: 0, redoLogs: 0, pauseMs: 300, callMs: 1 },
  durationMs: 30_000,
  events: [
    step('snapshot', 1_000, 0),
    step('snapshot', 4_000, 0),
    step('clone', 7_000, 1),
    step('snapshot', 11_000, 1),
    step('removeSnapshot', 15_000, 1),
    step('revert', 20_000, 0),
  ],
};

/** New data keys, each of which loses its world a little later on its way. */
export const KILLED_WALKS: Recipe = {
  ...{ seed: 11, hosts: 1, vms: 1, oneMachine: true, kept: 0, syncForgets: false },
  ...{ failsOver: false, family: 'keys', filters: 0, redoLogs: 0, pauseMs: 50, callMs: 5 },
  durationMs: 62_000,
  events: Array.from({ length: 14 }, (_, index) => {
    const rekey = step('rekey', 4_000 + index * 4_000, 0);
    return { ...rekey, severity: 0.2, killAfter: 30 + index * 12 };
  }),
};

/** Guests that write much to storage that is slow, on a disk with more than one region. */
const BUSY = {
  ...{ hosts: 1, vms: 1, oneMachine: true, kept: 0.3, syncForgets: false },
  ...{ failsOver: false, filters: 0, redoLogs: 0, pauseMs: 100, callMs: 25 },
  durationMs: 125_000,
} as const;
const GROWN = [step('grow', 500, 0), step('grow', 1_500, 0), step('grow', 2_500, 0)];

/** The disk moves again and again: sooner or later a write is under way where a region begins. */
export const BUSY_MOVES: Recipe = {
  ...BUSY,
  ...{ seed: 2, family: 'general' },
  events: [
    ...GROWN,
    // From one datastore to the next.
    ...again(60, (index) => ({
      ...step('relocate', 4_000 + index * 2_000, 0),
      forMs: 100 + index,
    })),
  ],
};

/** A new data key again and again. */
export const BUSY_WALKS: Recipe = {
  ...BUSY,
  ...{ seed: 1, family: 'keys' },
  events: [
    ...GROWN,
    ...again(60, (index) => ({ ...step('rekey', 4_000 + index * 2_000, 0), severity: 0.2 })),
  ],
};

/** Two hosts, the second of which takes over a VM whose process stands still. */
const STOPPED: Omit<Recipe, 'events'> = {
  ...{ seed: 7, hosts: 2, vms: 1, oneMachine: false, kept: 0.3, syncForgets: false },
  ...{ failsOver: true, family: 'general', filters: 0, redoLogs: 0, pauseMs: 2_500, callMs: 5 },
  durationMs: 55_000,
};

/**
 * While a disk moves, the VM's process stands still in the middle of it for so long that another
 * host, which cannot reach its own, takes the VM over.
 */
export const STOPPED_MOVE: Recipe = {
  ...STOPPED,
  events: [
    { ...step('relocate', 5_000, 0), forMs: 103, killAfter: 200 },
    { ...step('isolate', 5_200, 1), forMs: 30_000 },
  ],
};

/** The same while the VM gets a disk more, whose lock is taken when it goes on. */
export const STOPPED_ATTACH: Recipe = {
  ...STOPPED,
  pauseMs: 1_000,
  events: [
    { ...step('attach', 8_000, 0), forMs: 103, killAfter: 100 },
    { ...step('isolate', 8_200, 1), forMs: 30_000 },
  ],
};

function step(kind: EventKind, at: number, target: number): RecipeEvent {
  return { kind, at, target, forMs: 101, severity: 0.9, killAfter: null };
}

function again(times: number, make: (index: number) => RecipeEvent): RecipeEvent[] {
  return Array.from({ length: times }, (_, index) => make(index));
}
