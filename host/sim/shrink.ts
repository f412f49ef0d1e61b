// Shortens a recipe that fails: leaves out events and makes the fleet smaller as long as the run
// still goes wrong, in whatever way.
import type { Recipe } from './recipe.ts';

export interface Shrunk {
  recipe: Recipe;
  failure: string;
  /** Runs that it took. */
  runs: number;
}

export interface ShrinkParts {
  recipe: Recipe;
  failure: string;
  /** What goes wrong with a recipe, or null. */
  run(recipe: Recipe): Promise<string | null>;
  runsMax: number;
}

export async function shrink({ recipe, failure, run, runsMax }: ShrinkParts): Promise<Shrunk> {
  const best: Shrunk = { recipe, failure, runs: 0 };
  const isWorse = async (candidate: Recipe): Promise<boolean> => {
    if (best.runs >= runsMax) return false;
    best.runs += 1;
    const found = await run(candidate);
    if (found === null) return false;
    best.recipe = candidate;
    best.failure = found;
    return true;
  };
  await dropEvents(best, isWorse);
  for (const simplify of SIMPLER) {
    const candidate = simplify(best.recipe);
    if (candidate !== null) await isWorse(candidate);
  }
  await dropEvents(best, isWorse);
  return best;
}

/** Leaves out ever smaller stretches of events. */
async function dropEvents(
  best: Shrunk,
  stillFails: (recipe: Recipe) => Promise<boolean>,
): Promise<void> {
  let size = Math.ceil(best.recipe.events.length / 2);
  while (size > 0) {
    for (let at = 0; at < best.recipe.events.length; ) {
      const events = best.recipe.events.toSpliced(at, size);
      if (!(await stillFails({ ...best.recipe, events }))) at += size;
    }
    size = size === 1 ? 0 : Math.ceil(size / 2);
  }
}

/** Each gives a simpler recipe, or null when it is as simple already. */
const SIMPLER: readonly ((recipe: Recipe) => Recipe | null)[] = [
  (recipe) => (recipe.vms > 1 ? { ...recipe, vms: 1 } : null),
  (recipe) => (recipe.hosts > 1 ? { ...recipe, hosts: 1 } : null),
  (recipe) => (recipe.hosts > 2 ? { ...recipe, hosts: 2 } : null),
  (recipe) => (recipe.redoLogs > 0 ? { ...recipe, redoLogs: 0 } : null),
  (recipe) => (recipe.filters > 0 ? { ...recipe, filters: 0 } : null),
  (recipe) => (recipe.failsOver ? { ...recipe, failsOver: false } : null),
  (recipe) => (recipe.syncForgets ? { ...recipe, syncForgets: false } : null),
  (recipe) => (recipe.kept > 0 ? { ...recipe, kept: 0 } : null),
  (recipe) => {
    const events = recipe.events.map((event) => ({ ...event, killAfter: null }));
    return recipe.events.some(({ killAfter }) => killAfter !== null) ? { ...recipe, events } : null;
  },
  (recipe) => ({ ...recipe, durationMs: (recipe.events.at(-1)?.at ?? 0) + 1_000 }),
];
