// Runs seeds one after the other and reports: what was simulated, and of a failure the seed, what
// went wrong, the shortened recipe and how to run it again.
import { z } from 'zod';
import {
  describeEvent,
  drawRecipe,
  EVENT_KINDS,
  FAMILIES,
  type Recipe,
  type Theme,
} from '#host/sim/recipe.ts';
import { shrink } from '#host/sim/shrink.ts';
import { type FilterSets, type Outcome, simulate } from '#host/sim/simulate.ts';
import { FILTER_SETS } from './filter-sets.ts';

/** Runs that shortening a recipe may take. */
const SHRINK_RUNS_MAX = 150;

export interface Simulator {
  bare: boolean;
  /** What the recipes are about; anything when it is left out. */
  theme?: Theme;
  keepGoing: boolean;
  /** Whether a failing recipe is shortened, which takes many runs. */
  shortens: boolean;
  print(line: string): void;
  save(fileName: string, text: string): void;
  nowMs(): number;
}

/** Resolves with how many seeds failed. */
export async function runSeeds(simulator: Simulator, seeds: Iterable<number>): Promise<number> {
  const { print, nowMs } = simulator;
  const startedAt = nowMs();
  const sums = new Map<string, number>();
  let runs = 0;
  let failures = 0;
  for (const seed of seeds) {
    const recipe = drawRecipe(seed, simulator.theme);
    const outcome = await simulate(recipe, filterSets(simulator));
    runs += 1;
    add(sums, outcome);
    if (outcome.failure === null) continue;
    failures += 1;
    print(`seed ${seed} FAILED at ${seconds(outcome.atMs)}: ${outcome.failure}`);
    if (simulator.keepGoing) continue;
    if (simulator.shortens) await reportFailure(simulator, recipe, outcome.failure);
    break;
  }
  const tookMs = nowMs() - startedAt;
  const each = (tookMs / Math.max(runs, 1)).toFixed(1);
  print(`${runs} seeds in ${seconds(tookMs)}, ${each} ms each; ${failures} failed`);
  print([...sums].map(([name, sum]) => `${name} ${Math.round(sum)}`).join(', '));
  return failures;
}

/** Runs one recipe as it is. */
export async function runRecipe(simulator: Simulator, json: unknown): Promise<number> {
  const recipe = recipeSchema.parse(json);
  const { failure, atMs } = await simulate(recipe, filterSets(simulator));
  simulator.print(failure === null ? 'passed' : `FAILED at ${seconds(atMs)}: ${failure}`);
  return failure === null ? 0 : 1;
}

const recipeSchema: z.ZodType<Recipe> = z.object({
  seed: z.number(),
  hosts: z.number(),
  vms: z.number(),
  oneMachine: z.boolean(),
  kept: z.number(),
  syncForgets: z.boolean(),
  failsOver: z.boolean(),
  family: z.enum(FAMILIES),
  filters: z.number(),
  redoLogs: z.number(),
  pauseMs: z.number(),
  callMs: z.number(),
  durationMs: z.number(),
  events: z.array(
    z.object({
      at: z.number(),
      kind: z.enum(EVENT_KINDS),
      forMs: z.number(),
      target: z.number(),
      severity: z.number(),
      killAfter: z.number().nullable(),
    }),
  ),
});

async function reportFailure(simulator: Simulator, recipe: Recipe, failure: string): Promise<void> {
  const { print, save } = simulator;
  const run = async (candidate: Recipe): Promise<string | null> =>
    (await simulate(candidate, filterSets(simulator))).failure;
  const shrunk = await shrink({ recipe, failure, run, runsMax: SHRINK_RUNS_MAX });
  const { events, ...rest } = shrunk.recipe;
  print(`shortened in ${shrunk.runs} runs from ${recipe.events.length} events to:`);
  print(`  ${JSON.stringify(rest)}`);
  for (const event of events) print(`  ${describeEvent(event)}`);
  print(`  ${shrunk.failure}`);
  const fileName = `sim-recipe-${recipe.seed}.json`;
  save(fileName, `${JSON.stringify(shrunk.recipe, null, 2)}\n`);
  print(`run it again: npm run sim -- --seed ${recipe.seed}, or --recipe ${fileName}`);
}

function filterSets({ bare }: Simulator): FilterSets {
  return bare ? { general: [[]], flash: [[]], keys: [[]] } : FILTER_SETS;
}

function add(sums: Map<string, number>, { atMs, events, done, counts }: Outcome): void {
  const more = [['simulated s', atMs / 1000] as const, ['steps', events] as const];
  for (const [name, value] of [...more, ...Object.entries(counts), ...done]) {
    sums.set(name, (sums.get(name) ?? 0) + value);
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(3)} s`;
}
