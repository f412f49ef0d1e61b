// The steps of `npm test`, in order: cheap ones first, so that a slip shows within seconds.
import path from 'node:path';
import { type Counts, readPlaywrightCounts, readVitestCounts } from './counts.ts';
import { readSlowest } from './slowest.ts';

export interface Step {
  name: string;
  title: string;
  /** Script below the project and its arguments, each run by this Node; all must succeed. */
  commands: readonly (readonly string[])[];
  /** Steps that must have succeeded, when they ran. */
  needs?: readonly string[];
  /** Takes further arguments of the command line. */
  takesArguments?: boolean;
  /** Reads how many tests ran from the report that the step left. */
  readCounts?: (projectRoot: string) => Counts;
  /** Reads from it which tests took longest, a line each. */
  readSlowest?: (projectRoot: string) => string[];
  /** Where that report is; removed before the step. */
  report?: string;
  /** Environment variable that names a new folder; it is kept when the step fails. */
  scratchVariable?: string;
}

export const RESULTS_FOLDER = '.test-results';
const VITEST_REPORT = path.join(RESULTS_FOLDER, 'vitest.json');
const UNHANDLED_ERRORS = path.join(RESULTS_FOLDER, 'unhandled-errors.json');
const PLAYWRIGHT_REPORT = path.join(RESULTS_FOLDER, 'playwright.json');

export const STEPS: readonly Step[] = [
  {
    name: 'lint',
    title: 'Formatting and lint',
    commands: [['node_modules/@biomejs/biome/bin/biome', 'check', '.']],
  },
  {
    name: 'types',
    title: 'Types',
    commands: [
      ['node_modules/next/dist/bin/next', 'typegen'],
      ['node_modules/typescript/bin/tsc', '--noEmit'],
    ],
  },
  {
    name: 'tidy',
    title: 'Layers and rules of the code',
    commands: [['scripts/tidy/main.ts']],
  },
  {
    name: 'unit',
    title: 'Unit, property, integration and crash tests',
    commands: [
      [
        ...['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json'],
        `--outputFile.json=${VITEST_REPORT}`,
        '--reporter=./scripts/test/unhandled-errors-reporter.ts',
      ],
    ],
    takesArguments: true,
    readCounts: (root) =>
      readVitestCounts(path.join(root, VITEST_REPORT), path.join(root, UNHANDLED_ERRORS)),
    readSlowest: (root) => readSlowest(path.join(root, VITEST_REPORT), root),
    report: VITEST_REPORT,
  },
  {
    name: 'build',
    title: 'Build of the console',
    commands: [['scripts/run.mjs', 'build']],
  },
  {
    name: 'e2e',
    title: 'End-to-end tests in the browser',
    commands: [['node_modules/@playwright/test/cli.js', 'test', '-c', 'e2e']],
    needs: ['build'],
    takesArguments: true,
    readCounts: (root) => readPlaywrightCounts(path.join(root, PLAYWRIGHT_REPORT)),
    report: PLAYWRIGHT_REPORT,
    scratchVariable: 'SLUICE_E2E_DATA',
  },
];
