// npm test [-- STEP… [ARGUMENT…]]: runs the steps, or those that are named, and ends with one plain
// line: how many tests passed, failed and were skipped. A check without tests of its own counts as
// one test. What failed is said once more before it, and kept in .test-results/failures.txt.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Counts } from './counts.ts';
import { RESULTS_FOLDER, STEPS, type Step } from './steps.ts';

const projectRoot = path.join(import.meta.dirname, '..', '..');
const given = process.argv.slice(2);
const named = STEPS.filter(({ name }) => given.includes(name));
const passedOn = given.filter((argument) => !STEPS.some(({ name }) => name === argument));
const steps = named.length > 0 ? named : STEPS;

const total: Counts = { passed: 0, failed: 0, skipped: 0, failures: [] };
const broken = new Set<string>();
mkdirSync(path.join(projectRoot, RESULTS_FOLDER), { recursive: true });
for (const step of steps) {
  const counts = runStep(step);
  if (counts.failed > 0) broken.add(step.name);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  total.failures = [...total.failures, ...counts.failures];
}
writeFileSync(path.join(projectRoot, RESULTS_FOLDER, 'failures.txt'), total.failures.join('\n'));
if (total.failures.length > 0) say(`\n== What failed\n${total.failures.join('\n')}`);
if (broken.size > 0) say(`Failed: ${[...broken].join(', ')}`);
say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;

function runStep(step: Step): Counts {
  const missing = step.needs?.find((name) => broken.has(name));
  say(`\n== ${step.title}${missing ? `: cannot run, ${missing} failed` : ''}`);
  if (missing) return { passed: 0, failed: 1, skipped: 0, failures: [] };
  const since = performance.now();
  if (step.report) rmSync(path.join(projectRoot, step.report), { force: true });
  const scratch = step.scratchVariable ? mkdtempSync(path.join(tmpdir(), 'sluice-test-')) : null;
  const env = { ...process.env, ...(scratch ? { [`${step.scratchVariable}`]: scratch } : {}) };
  const succeeded = step.commands.every((command) => {
    const further = step.takesArguments ? passedOn : [];
    const options = { cwd: projectRoot, stdio: 'inherit' as const, env };
    return spawnSync(process.execPath, [...command, ...further], options).status === 0;
  });
  const counts = countsOf(step, succeeded);
  if (scratch && succeeded) rmSync(scratch, { recursive: true, force: true });
  else if (scratch) say(`== What it worked on is kept in ${scratch}`);
  const hasReport = step.report && existsSync(path.join(projectRoot, step.report));
  const slowest = hasReport ? (step.readSlowest?.(projectRoot) ?? []) : [];
  if (slowest.length > 0) say(`== The longest\n${slowest.join('\n')}`);
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  say(`== ${step.title}: ${counts.failed > 0 ? 'FAILED' : 'passed'} in ${seconds} s`);
  return counts;
}

/** A step that failed although its report shows no failed test has failed as a whole. */
function countsOf(step: Step, succeeded: boolean): Counts {
  const hasReport = step.report && existsSync(path.join(projectRoot, step.report));
  const counts = hasReport ? step.readCounts?.(projectRoot) : undefined;
  if (counts && (succeeded || counts.failed > 0)) return counts;
  if (succeeded) return { passed: 1, failed: 0, skipped: 0, failures: [] };
  return {
    passed: counts?.passed ?? 0,
    failed: 1,
    skipped: counts?.skipped ?? 0,
    failures: [`${step.title}: failed as a whole`],
  };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
