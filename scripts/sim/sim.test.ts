// Tests of the simulator: a thousand seeds pass, a seed says the same twice, and what fails is
// shortened.
import { describe, expect, test } from 'vitest';
import { drawRecipe } from '#host/sim/recipe.ts';
import { shrink } from '#host/sim/shrink.ts';
import { simulate } from '#host/sim/simulate.ts';
import { FILTER_SETS } from './filter-sets.ts';

const SEEDS = 1000;
/** In one test, so that a failure is reported early. */
const PER_TEST = 100;

describe('no seed fails', () => {
  const firsts = Array.from({ length: SEEDS / PER_TEST }, (_, index) => 1 + index * PER_TEST);
  test.each(firsts)(
    'the hundred from %i',
    async (first) => {
      for (let seed = first; seed < first + PER_TEST; seed++) {
        const { failure } = await simulate(drawRecipe(seed), FILTER_SETS);
        expect(failure, `npm run sim -- --seed ${seed}`).toBe(null);
      }
    },
    300_000,
  );
});

/** These have filters of their own, or end VMs, and are drawn only when they are asked for. */
describe('no seed of a theme that is not drawn fails', () => {
  test.each([['flash', 60] as const, ['keys', 20] as const, ['deletions', 30] as const])(
    '%s',
    async (theme, seeds) => {
      for (let seed = 1; seed <= seeds; seed++) {
        const { failure } = await simulate(drawRecipe(seed, theme), FILTER_SETS);
        expect(failure, `npm run sim -- --seed ${seed} --theme ${theme}`).toBe(null);
      }
    },
    300_000,
  );
});

test('a seed repeats its run, step by step', async () => {
  let transactions = 0;
  for (const seed of [3, 7, 123]) {
    const first = await simulate(drawRecipe(seed), FILTER_SETS);
    expect(await simulate(drawRecipe(seed), FILTER_SETS)).toEqual(first);
    transactions += first.counts.transactions ?? 0;
  }
  expect(transactions).toBeGreaterThan(0);
}, 60_000);

test('a recipe is shortened to the events that make it fail', async () => {
  const recipe = drawRecipe(4242);
  const [event] = recipe.events;
  if (!event) throw new Error('the seed has events');
  const events = Array.from({ length: 20 }, (_, index) => ({ ...event, at: index }));
  const run = async (candidate: typeof recipe): Promise<string | null> => {
    const times = candidate.events.map(({ at }) => at);
    return times.includes(3) && times.includes(17) ? 'both are there' : null;
  };
  const found = await shrink({ recipe: { ...recipe, events }, failure: '', run, runsMax: 150 });
  expect(found.recipe.events.map(({ at }) => at)).toEqual([3, 17]);
  expect(found).toMatchObject({ failure: 'both are there', recipe: { hosts: 1, vms: 1 } });
});
