// Faults that are put into the product's code are found by the simulator.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { MUTANTS, mutate } from './mutants.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
/** Seeds that each is found with. */
const SEEDS_TO_FIND = 1000;

describe('a fault in the code is found', () => {
  const proven = Object.entries(MUTANTS).filter(([, { unproven }]) => unproven !== true);
  test.each(proven)(
    '%s',
    (name, mutant) => {
      expect(mutate(mutant)).toContain(mutant.replace);
      const { theme } = mutant;
      const about = theme === undefined ? [] : ['--theme', theme];
      const seeds = ['--seeds', `1..${SEEDS_TO_FIND}`];
      const args = [MAIN, ...seeds, ...about, '--as-it-is', '--mutant', name];
      const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect(stdout).toContain('FAILED');
      expect(status).toBe(1);
    },
    300_000,
  );
});
