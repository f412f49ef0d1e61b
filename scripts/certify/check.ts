// What a check of the certification is, and what it works with.
import path from 'node:path';
import type { LaunchFilter } from '#host/world/launch.ts';
import type { WorldHarness } from '#host/world/world-harness.ts';
import type { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { MIB } from '#lib/model/limits.ts';
import type { Candidate } from './candidate.ts';
import type { DaemonSet } from './lab/daemon-set.ts';
import type { ReplicaTarget } from './lab/replica-target.ts';
import { Trial } from './lab/trial.ts';
import { TrialHosts } from './lab/trial-hosts.ts';

/** How much is tried. */
export interface Effort {
  /** Random I/Os of the model test. */
  operations: number;
  /** Times that the world is killed. */
  crashes: number;
  /** Asynchronous points of each scenario at which the world is ended, at most. */
  crashPoints: number;
  /** Of the scenarios around these points only those of these names; all of them by default. */
  crashScenarios?: readonly string[];
  /** I/Os of the memory test, after the warm-up. */
  memoryIos: number;
}

export const FULL_EFFORT: Effort = {
  ...{ operations: 6000, crashes: 12, crashPoints: 32, memoryIos: 60_000 },
};
export const QUICK_EFFORT: Effort = {
  ...{ operations: 1500, crashes: 4, crashPoints: 6, memoryIos: 30_000 },
};

/** So often a check is begun at most, when the machine is too busy for it. */
export const ATTEMPTS = 3;

export interface CheckContext {
  candidate: Candidate;
  harness: WorldHarness;
  /** The filter with points at which its world can be ended (crash/crash-points.ts). */
  instrumented: { current: LaunchFilter; next: LaunchFilter };
  /** The difficult drive. */
  probe: LaunchFilter;
  /** Where the filter's daemon runs; null for a filter without. */
  daemons: DaemonSet | null;
  /** Where a filter sends copies that is told by the controller where; null for any other. */
  target: ReplicaTarget | null;
  random: XorShift;
  effort: Effort;
  /** Every trial that was started, to be ended with its check. */
  trials: Trial[];
  /** A number for the disk of a trial, 1 first. */
  nextDisk(): number;
}

export interface Outcome {
  /** What was counted or measured. */
  numbers?: Record<string, number>;
  /** What a reader should know, a sentence each. */
  notes?: string[];
}

export interface Check {
  /** Stable, for machines. */
  id: string;
  title: string;
  /** Throws Failure, with what is wrong, when the filter does not pass. */
  run(context: CheckContext): Promise<Outcome>;
}

const DISK_BYTES = 8 * MIB;

export interface TrialOptions {
  filter?: boolean;
  probe?: boolean;
  checked?: boolean;
  sizeBytes?: number;
  /** Instead of the packaged filter. */
  launch?: LaunchFilter;
  /** A file with ProbeOrders, for a drive that fails. */
  orders?: string;
  /** Whether the filter is on the disk from the beginning. */
  attached?: boolean;
  /** Whether its hosts have a virtual flash resource. */
  flash?: boolean;
}

/** A world with a new disk under the filter on trial, or without it. */
export async function startTrial(
  context: CheckContext,
  {
    filter = true,
    probe = true,
    checked = true,
    sizeBytes = DISK_BYTES,
    launch = context.candidate.launch,
    orders = '',
    attached = true,
    flash = true,
  }: TrialOptions = {},
): Promise<Trial> {
  // Several may be started at once.
  const diskIndex = context.nextDisk();
  const folder = path.join(context.harness.directory, `hosts${diskIndex}`);
  const pairingKeys = context.target ? [context.target.key] : [];
  const trial = await Trial.start({
    harness: context.harness,
    filter: filter ? launch : null,
    probe: probe ? { ...context.probe, properties: { orders } } : null,
    ...{ diskIndex, sizeBytes },
    ...{ checked, attached },
    hosts: new TrialHosts(folder, { flash, diskName: `disk${diskIndex}`, pairingKeys }),
  });
  context.trials.push(trial);
  return trial;
}

/** The chain of a trial with the filter in the version that is given. */
export function chainWith({ probe }: CheckContext, filter: LaunchFilter | null): LaunchFilter[] {
  return filter === null ? [probe] : [filter, probe];
}
