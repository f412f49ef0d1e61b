// Runs the conformance suite on the filter of a VIB, each check in worlds of its own, and says what
// came out. A check that fails does not stop the others, unless the package itself is not whole.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LaunchFilter } from '#host/world/launch.ts';
import { launchFilterOf, WorldHarness } from '#host/world/world-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import type { TrustedRoot } from '#lib/formats/vib/trusted-roots.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import { bundleNamed } from '#scripts/build-vibs/bundle-module.ts';
import { type Candidate, openCandidate } from './candidate.ts';
import { ATTEMPTS, type Check, type CheckContext, type Effort } from './check.ts';
import { attachCheck } from './checks/attach-check.ts';
import { awaitCheck } from './checks/await-check.ts';
import { crashCheck } from './checks/crash-check.ts';
import { daemonCheck } from './checks/daemon-check.ts';
import { diskOperationsCheck } from './checks/disk-operations-check.ts';
import { errorCheck } from './checks/error-check.ts';
import { flushCheck } from './checks/flush-check.ts';
import { memoryCheck } from './checks/memory-check.ts';
import { migrationCheck } from './checks/migration-check.ts';
import { modelCheck } from './checks/model-check.ts';
import { overheadCheck } from './checks/overhead-check.ts';
import { packageCheck } from './checks/package-check.ts';
import { trimCheck } from './checks/trim-check.ts';
import { instrument } from './crash/instrument.ts';
import { bundleWorld } from './lab/bundle-world.ts';
import type { DaemonHost } from './lab/daemon-host.ts';
import { DaemonSet } from './lab/daemon-set.ts';
import { ReplicaTarget } from './lab/replica-target.ts';
import { storageProbe } from './lab/storage-probe.ts';
import { keyProperties } from './lab/trial-hosts.ts';
import type { CertifyReport, CheckResult } from './report.ts';

export const CHECKS: readonly Check[] = [
  packageCheck,
  modelCheck,
  flushCheck,
  trimCheck,
  errorCheck,
  attachCheck,
  diskOperationsCheck,
  migrationCheck,
  crashCheck,
  awaitCheck,
  daemonCheck,
  memoryCheck,
  overheadCheck,
];

export interface CertifyOptions {
  bytes: Uint8Array;
  roots: readonly TrustedRoot[];
  now: Date;
  seed: number;
  effort: Effort;
  /** What a policy sets in all checks; the filter's defaults otherwise. */
  properties?: FilterPropertyValues;
  /** Checks to run; all of them by default. */
  only?: readonly string[];
  /** Ends the worlds that are running, and with them the checks. */
  signal?: AbortSignal;
  onStart?(report: Omit<CertifyReport, 'signed'>): void;
  onCheck?(result: CheckResult): void;
}

/** Throws when the VIB itself cannot be opened; all else is in the report. */
export async function certify(options: CertifyOptions): Promise<CertifyReport> {
  const { bytes, roots, now, seed, only = CHECKS.map(({ id }) => id) } = options;
  const directory = await mkdtemp(path.join(tmpdir(), 'sluice-certify-'));
  const harness = await WorldHarness.create();
  harness.worldMain = await bundleWorld(directory);
  options.signal?.addEventListener('abort', () => void harness.dispose());
  let daemons: DaemonSet | null = null;
  let target: ReplicaTarget | null = null;
  try {
    const opened = await openCandidate(bytes, { roots, nowMs: now.getTime(), directory });
    daemons = await startDaemons(opened, directory);
    target = await ReplicaTarget.startFor(opened.manifest, directory);
    const given = { ...keyProperties(opened.manifest), ...target?.properties };
    const properties = { ...given, ...options.properties };
    const candidate = onHosts(opened, { daemons, properties });
    const context = await makeContext({ candidate, harness, daemons, target, directory, options });
    const report = reportOf(candidate, seed, now);
    options.onStart?.(report);
    for (const check of CHECKS.filter(({ id }) => only.includes(id))) {
      options.signal?.throwIfAborted();
      const result = skips(report.checks) ? skipped(check) : await runCheck(check, context);
      // A check fails when its worlds are ended: that says nothing of the filter.
      options.signal?.throwIfAborted();
      report.checks.push(result);
      options.onCheck?.(result);
    }
    return { ...report, passed: report.checks.every(({ verdict }) => verdict === 'passed') };
  } finally {
    await daemons?.stop();
    await target?.stop();
    await harness.dispose();
    await rm(directory, { recursive: true, force: true });
  }
}

function reportOf(candidate: Candidate, seed: number, now: Date): CertifyReport {
  const { id, sha256 } = candidate.vib.inspection;
  const { name, class: filterClass } = candidate.manifest;
  return {
    ...{ format: 1, vib: id, sha256, filter: { name, class: filterClass }, seed },
    ...{ startedAt: now.toISOString(), passed: false, checks: [], signed: null },
  };
}

/** Nothing is started when the filter brings no daemon. */
async function startDaemons(
  { manifest, daemon }: Candidate,
  directory: string,
): Promise<DaemonSet | null> {
  if (!daemon) return null;
  return DaemonSet.start({ manifest, daemonPath: daemon.path }, directory);
}

/** With the properties of a policy; the next version runs on the other host. */
function onHosts(
  candidate: Candidate,
  { daemons, properties }: { daemons: DaemonSet | null; properties: FilterPropertyValues },
): Candidate {
  const { launch, next } = candidate;
  const line = (host: DaemonHost | undefined) => host && { daemonSocketPath: host.socketPath };
  return {
    ...candidate,
    launch: { ...launch, properties, ...line(daemons?.here) },
    next: { ...next, launch: { ...next.launch, properties, ...line(daemons?.there) } },
  };
}

async function makeContext({
  candidate,
  harness,
  daemons,
  target,
  directory,
  options,
}: {
  candidate: Candidate;
  harness: WorldHarness;
  daemons: DaemonSet | null;
  target: ReplicaTarget | null;
  directory: string;
  options: CertifyOptions;
}): Promise<CheckContext> {
  let disks = 0;
  return {
    nextDisk: () => {
      disks += 1;
      return disks;
    },
    candidate,
    harness,
    probe: await makeProbe(directory),
    instrumented: {
      current: await instrument(candidate.launch, directory),
      next: await instrument(candidate.next.launch, directory),
    },
    ...{ daemons, target },
    random: new XorShift(options.seed),
    effort: options.effort,
    trials: [],
  };
}

async function makeProbe(directory: string): Promise<LaunchFilter> {
  const source = new URL('./lab/storage-probe.ts', import.meta.url).pathname;
  const entryPath = path.join(directory, 'probe.js');
  await writeFile(entryPath, await bundleNamed(source, 'storageProbe'));
  const { name, class: filterClass } = storageProbe;
  return launchFilterOf(entryPath, { name, class: filterClass });
}

/** Once more when the machine was too busy: what it lets starve is no fault of the filter's. */
async function runCheck(check: Check, context: CheckContext): Promise<CheckResult> {
  const repeated: string[] = [];
  for (;;) {
    const before = context.trials.length;
    const result = await runOnce(check, context);
    const last = context.trials.slice(before).at(-1);
    const isBusy = result.reason !== null && (await last?.wasStarved(result.reason));
    if (!isBusy || repeated.length + 1 >= ATTEMPTS) {
      const said = result.verdict === 'failed' ? await last?.lastWords() : null;
      const words = said ? [`The process of the VM said last: ${said}`] : [];
      return { ...result, notes: [...repeated, ...result.notes, ...words] };
    }
    repeated.push('Begun again: the machine was too busy to let the VM renew its locks.');
  }
}

async function runOnce(check: Check, context: CheckContext): Promise<CheckResult> {
  const { id, title } = check;
  const startedAt = performance.now();
  const result = { id, title, numbers: {}, notes: [], reason: null };
  try {
    const outcome = await check.run(context);
    await context.daemons?.requireWhole(`during the check ${id}`);
    const milliseconds = performance.now() - startedAt;
    return { ...result, ...outcome, verdict: 'passed', milliseconds };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const milliseconds = performance.now() - startedAt;
    return { ...result, verdict: 'failed', reason, milliseconds };
  } finally {
    // One that hangs, or turns in circles, would slow down what comes after.
    for (const trial of context.trials) trial.abandon();
  }
}

/** What is no filter at all needs no disk. */
function skips(checks: readonly CheckResult[]): boolean {
  return checks.some(({ id, verdict }) => id === packageCheck.id && verdict === 'failed');
}

function skipped({ id, title }: Check): CheckResult {
  const reason = 'The package is not whole.';
  return { id, title, verdict: 'skipped', reason, numbers: {}, notes: [], milliseconds: 0 };
}
