// How many tests passed, failed and were skipped, and what failed, out of the reports of vitest and
// Playwright.
import { existsSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** Name and first lines of the error of each test that failed. */
  failures: readonly string[];
}

const LINES_OF_AN_ERROR = 12;

const vitestSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number().default(0),
  testResults: z.array(
    z.object({
      name: z.string().default('a test file'),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({
          fullName: z.string().default('a test'),
          status: z.string().optional(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/** Errors outside of any test, as `unhandled-errors-reporter.ts` writes them. */
const unhandledSchema = z.array(z.string());

const playwrightSchema = z.object({
  stats: z.object({
    expected: z.number(),
    unexpected: z.number(),
    flaky: z.number(),
    skipped: z.number(),
  }),
  errors: z.array(z.object({ message: z.string().default('') })).default([]),
  suites: z.array(z.lazy(() => suiteSchema)).default([]),
});

const specSchema = z.object({
  title: z.string(),
  file: z.string(),
  tests: z.array(
    z.object({
      status: z.string(),
      results: z.array(z.object({ error: z.object({ message: z.string() }).optional() })),
    }),
  ),
});

interface Suite {
  specs: z.infer<typeof specSchema>[];
  suites?: Suite[] | undefined;
}

const suiteSchema: z.ZodType<Suite> = z.object({
  specs: z.array(specSchema),
  suites: z.array(z.lazy(() => suiteSchema)).optional(),
});

/**
 * A file that failed before its first test counts as one failed test, and so do errors outside of
 * tests, all together.
 */
export function readVitestCounts(file: string, unhandledErrorsFile: string): Counts {
  const report = vitestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const unhandled = existsSync(unhandledErrorsFile)
    ? unhandledSchema.parse(JSON.parse(readFileSync(unhandledErrorsFile, 'utf8')))
    : [];
  const failed = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map((test) => failure(`${name}: ${test.fullName}`, (test.failureMessages ?? []).join('\n'))),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length + (unhandled.length > 0 ? 1 : 0),
    skipped: report.numPendingTests + report.numTodoTests,
    failures: [
      ...failed,
      ...broken.map(({ name, message }) => failure(name, message)),
      ...unhandled.map((error) => failure('An error outside of any test', error)),
    ],
  };
}

/** A test that passed only when it was tried again counts as failed: it cannot be relied on. */
export function readPlaywrightCounts(file: string): Counts {
  const { stats, errors, suites } = playwrightSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + errors.length,
    skipped: stats.skipped,
    failures: [
      ...suites.flatMap(failuresOfSuite),
      ...errors.map(({ message }) => failure('An error outside of any test', message)),
    ],
  };
}

function failuresOfSuite(suite: Suite): string[] {
  const own = suite.specs.flatMap(({ title, file, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ status, results }) => {
        const errors = results.flatMap(({ error }) => (error ? [error.message] : []));
        return failure(`${file}: ${title} (${status})`, errors.join('\n'));
      }),
  );
  return [...own, ...(suite.suites ?? []).flatMap(failuresOfSuite)];
}

function failure(name: string, error: string): string {
  const lines = stripVTControlCharacters(error).split('\n').slice(0, LINES_OF_AN_ERROR);
  return [name, ...lines.map((line) => `    ${line}`)].join('\n');
}
