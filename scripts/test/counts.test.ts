// The sums of `npm test`: what counts as passed, failed and skipped in the reports.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readPlaywrightCounts, readVitestCounts } from './counts.ts';
import { readSlowest } from './slowest.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'sluice-counts-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(report: object): string {
  const file = path.join(folder, 'report.json');
  writeFileSync(file, JSON.stringify(report));
  return file;
}

test('a test file that cannot be loaded is a failed test', () => {
  const report = {
    ...{ numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 },
    testResults: [
      { status: 'passed', assertionResults: [{}] },
      {
        ...{ name: 'a.test.ts', status: 'failed' },
        assertionResults: [
          {
            fullName: 'adds',
            status: 'failed',
            failureMessages: ['\u001b[31m1 is not 2\u001b[39m'],
          },
          { fullName: 'takes away', status: 'passed' },
        ],
      },
      { name: 'b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
    ],
  };
  const none = path.join(folder, 'none.json');
  expect(readVitestCounts(write(report), none)).toEqual({
    ...{ passed: 5, failed: 2, skipped: 3 },
    failures: ['a.test.ts: adds\n    1 is not 2', 'b.test.ts\n    no such module'],
  });
});

test('an error outside of tests is a failure, and is said', () => {
  const report = {
    ...{ numPassedTests: 5, numFailedTests: 0, numPendingTests: 0, testResults: [] },
  };
  const errors = path.join(folder, 'errors.json');
  writeFileSync(errors, JSON.stringify(['write EPIPE']));
  const counts = readVitestCounts(write(report), errors);
  expect(counts.failed).toBe(1);
  expect(counts.failures).toEqual(['An error outside of any test\n    write EPIPE']);
});

test('a flaky test has failed', () => {
  const spec = (title: string, status: string) => ({
    ...{ title, file: 'tasks.spec.ts' },
    tests: [{ status, results: [{ error: { message: 'late' } }, {}] }],
  });
  const report = {
    stats: { expected: 7, unexpected: 1, flaky: 2, skipped: 3 },
    suites: [{ specs: [spec('one', 'expected')], suites: [{ specs: [spec('two', 'flaky')] }] }],
  };
  expect(readPlaywrightCounts(write(report))).toEqual({
    ...{ passed: 7, failed: 3, skipped: 3 },
    failures: ['tasks.spec.ts: two (flaky)\n    late'],
  });
});

test('the longest test files come first', () => {
  const took = (name: string, endTime: number) => ({ name, startTime: 1000, endTime });
  const report = { testResults: [took('/p/a.test.ts', 1500), took('/p/b.test.ts', 9000)] };
  expect(readSlowest(write(report), '/p')).toEqual(['8.0 s  b.test.ts', '0.5 s  a.test.ts']);
});
