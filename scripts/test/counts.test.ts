// The sums of `npm test`: what counts as passed, failed and skipped in the reports.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readPlaywrightCounts, readVitestCounts } from './counts.ts';

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
      { status: 'failed', assertionResults: [{}] },
      { status: 'failed', assertionResults: [] },
    ],
  };
  expect(readVitestCounts(write(report))).toEqual({ passed: 5, failed: 2, skipped: 3 });
});

test('a flaky test has failed', () => {
  const report = { stats: { expected: 7, unexpected: 1, flaky: 2, skipped: 3 }, errors: [] };
  expect(readPlaywrightCounts(write(report))).toEqual({ passed: 7, failed: 3, skipped: 3 });
});
