// npm run sim: runs the simulator over seeds, shortens the recipe of the first that fails, and says
// how to run it again.
//   --seed N           one seed
//   --seeds A..B       these; 1..1000 unless said otherwise
//   --minutes M        random seeds for so long
//   --recipe FILE      a recipe that was printed before
//   --bare             without filters
//   --theme NAME       recipes about that alone (host/sim/recipe.ts)
//   --mutant NAME      with a fault in the product's code (scripts/sim/mutants.ts)
//   --keep-going       count failures instead of ending with the first
//   --as-it-is         do not shorten the recipe of a failure
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isTheme } from '#host/sim/recipe.ts';
import { loadMutant } from './mutants.ts';
import type { Simulator } from './run-seeds.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1..1000' },
    minutes: { type: 'string' },
    recipe: { type: 'string' },
    bare: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    theme: { type: 'string' },
    'keep-going': { type: 'boolean', default: false },
    'as-it-is': { type: 'boolean', default: false },
  },
});

if (values.mutant !== undefined) loadMutant(values.mutant);
const { theme } = values;
if (theme !== undefined && !isTheme(theme)) throw new RangeError(`no theme is called ${theme}`);
// Loaded after the fault is in place.
const { runSeeds, runRecipe } = await import('./run-seeds.ts');

const simulator: Simulator = {
  bare: values.bare,
  ...(theme !== undefined && { theme }),
  keepGoing: values['keep-going'],
  shortens: !values['as-it-is'],
  print: (line) => process.stdout.write(`${line}\n`),
  save: (name, text) => writeFileSync(name, text),
  nowMs: () => performance.now(),
};
const failures =
  values.recipe === undefined
    ? await runSeeds(simulator, seeds())
    : await runRecipe(simulator, JSON.parse(readFileSync(values.recipe, 'utf8')));
process.exitCode = failures === 0 ? 0 : 1;

function* seeds(): Generator<number> {
  if (values.seed !== undefined) {
    yield numberOf(values.seed);
    return;
  }
  if (values.minutes !== undefined) {
    const end = performance.now() + numberOf(values.minutes) * 60_000;
    while (performance.now() < end) yield Math.floor(Math.random() * 2 ** 48);
    return;
  }
  const [first, last = first] = values.seeds.split('..').map(numberOf);
  for (let seed = first ?? 1; seed <= (last ?? 1); seed++) yield seed;
}

function numberOf(text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && text !== '') return number;
  throw new RangeError(`${text} is no number`);
}
