// Faults that are put into the product's code are found by the simulator.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { MUTANTS, type Mutant, mutate } from './mutants.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
/** Seeds that each is found with. */
const SEEDS_TO_FIND = 1000;

const directory = mkdtempSync(join(tmpdir(), 'sluice-mutants-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('a fault in the code is found', () => {
  const proven = Object.entries(MUTANTS).filter(([, { unproven }]) => unproven !== true);
  test.each(proven)(
    '%s',
    (name, mutant) => {
      expect(mutate(mutant)).toContain(mutant.replace);
      const args = [MAIN, ...recipesFor(name, mutant), '--as-it-is', '--mutant', name];
      const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect(stdout).toContain('FAILED');
      expect(status).toBe(1);
    },
    300_000,
  );
});

function recipesFor(name: string, { theme, firstSeed = 1, recipe }: Mutant): string[] {
  if (recipe === undefined) {
    const about = theme === undefined ? [] : ['--theme', theme];
    return ['--seeds', `${firstSeed}..${SEEDS_TO_FIND}`, ...about];
  }
  const path = join(directory, `${name}.json`);
  writeFileSync(path, JSON.stringify(recipe));
  return ['--recipe', path];
}
