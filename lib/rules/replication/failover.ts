// The states of a failover, what each of them allows, and the verdicts on beginning one, undoing it
// and committing it. Of the two virtual machines, the one that was replaced and the one that stands
// in for it, no state lets both be powered on.
import type { Reason } from '../../model/fault.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { HostFacts, VmFacts } from '../facts.ts';
import { hostReasons } from '../storage/vm-reasons.ts';
import { copyReasons, judgeRecovery, type RecoveryFacts } from './recovery.ts';

export const FAILOVER_STATES = [
  /** Of a planned move: the source is powered off, and its target has everything. */
  'stopping',
  /** A new era begins at the target: from here on the source's changes are refused. */
  'fencing',
  /** Made of the copies, not yet on. */
  'recovering',
  /** The recovered one works; undo or commit is to be chosen. */
  'standing',
  'undoing',
  'undone',
  'committing',
  'committed',
  /** It is taken back; nothing of it goes forward any more. */
  'failing',
  /** It was taken back, as far as the source's host could be reached. */
  'failed',
] as const;
export type FailoverState = (typeof FAILOVER_STATES)[number];

export type FailoverStep =
  | 'stopped'
  | 'fenced'
  | 'poweredOn'
  | 'fail'
  | 'takenBack'
  | 'undo'
  | 'releasedSource'
  | 'commit'
  | 'kept';

const NEXT: Record<FailoverState, Partial<Record<FailoverStep, FailoverState>>> = {
  stopping: { stopped: 'fencing', fail: 'failing' },
  fencing: { fenced: 'recovering', fail: 'failing' },
  recovering: { poweredOn: 'standing', fail: 'failing' },
  standing: { undo: 'undoing', commit: 'committing' },
  // What fails half way is asked for again.
  undoing: { undo: 'undoing', releasedSource: 'undone' },
  committing: { commit: 'committing', kept: 'committed' },
  failing: { takenBack: 'failed', undo: 'undoing' },
  failed: { undo: 'undoing' },
  undone: {},
  committed: {},
};

/** Null when the step is none of that state. */
export function nextFailoverState(state: FailoverState, step: FailoverStep): FailoverState | null {
  return NEXT[state][step] ?? null;
}

/** The era that a failover begins: later than any that the source or its copies have had. */
export function nextEra(known: readonly number[]): number {
  return Math.max(1, ...known) + 1;
}

export interface FailoverFacts extends RecoveryFacts {
  kind: 'failover' | 'move';
  vm: VmFacts;
  /** Of the VM. */
  host: HostFacts;
  /** What each disk's replication does now, in the words of its view. */
  disks: readonly { label: string; state: string }[];
}

export function judgeFailover(facts: FailoverFacts): Verdict {
  const { vm, host, kind } = facts;
  const recovery = judgeRecovery(facts);
  const own = [
    ...replacedReasons(vm),
    ...leftReasons(facts),
    ...(kind === 'move' ? moveReasons(facts) : []),
  ];
  const warnings =
    kind === 'failover' && vm.powerState === 'poweredOn' && host.connectionState === 'connected'
      ? [stillWorks(vm)]
      : [];
  return verdictOf([...own, ...recovery.reasons], [...recovery.warnings, ...warnings]);
}

/** Whatever the place: why it cannot be failed over now. */
export function failoverReasons(
  facts: Pick<FailoverFacts, 'vm' | 'source' | 'copies' | 'left'>,
): Reason[] {
  return [...replacedReasons(facts.vm), ...copyReasons(facts), ...leftReasons(facts)];
}

/** Why a VM may not be powered on: another one stands in for it. */
export function replacedReasons({ id, name, replacedBy }: VmFacts): Reason[] {
  if (!replacedBy) return [];
  return [
    {
      fault: 'InvalidState',
      message: `${replacedBy.name} stands in for ${name} since a failover.`,
      remedy: `Undo the failover on the Replication tab, or go on with ${replacedBy.name}.`,
      objects: [id, replacedBy.id],
    },
  ];
}

/** Only a source that is powered off while its target is there shows that nothing is missing. */
export function moveReasons({
  vm,
  host,
  disks,
  at,
}: Pick<FailoverFacts, 'vm' | 'host' | 'disks' | 'at'>): Reason[] {
  const objects = [vm.id];
  if (at !== null) {
    const message = 'A planned move has the newest moment.';
    return [{ fault: 'InvalidArgument', message, objects }];
  }
  if (vm.powerState !== 'poweredOn') {
    const message =
      `${vm.name} is not powered on. That its target has everything is shown by powering it off ` +
      'while the target answers.';
    const remedy = `Power on ${vm.name}, or fail it over without a planned move.`;
    return [{ fault: 'InvalidPowerState', message, remedy, objects }];
  }
  const away = hostReasons(vm, host);
  if (away.length > 0) return away;
  return disks
    .filter(({ state }) => state !== 'inSync')
    .map(({ label }) => ({
      fault: 'InvalidState',
      message: `${label} of ${vm.name} is not in sync with its target.`,
      remedy: 'Wait until it is, or fail over without a planned move.',
      objects,
    }));
}

/** A VM that lacks a disk does not stand in for another. */
function leftReasons({
  source,
  left,
  copies,
}: Pick<FailoverFacts, 'source' | 'left' | 'copies'>): Reason[] {
  if (copies.length === 0) return [];
  return left.map((label) => ({
    fault: 'InvalidState',
    message: `${label} of ${source.name} is not replicated, so that it would be missing.`,
    remedy: 'Give it a storage policy with replication, or recover without a failover.',
    objects: [source.id],
  }));
}

function stillWorks({ id, name }: VmFacts): Reason {
  return {
    fault: 'InvalidPowerState',
    message: `${name} works. A planned move would lose nothing.`,
    objects: [id],
  };
}

export interface DecisionFacts {
  /** The VM that was replaced. */
  vm: VmFacts;
  host: HostFacts;
  /** Of the failover that replaced it; null when there is none. */
  state: FailoverState | null;
  /** Of what stands in for it: a task that is under way there, in words; null for none. */
  busy: string | null;
}

/** The recovered VM goes with all that was written to it, and the source may run again. */
export function judgeUndo({ vm, host, state, busy }: DecisionFacts): Verdict {
  if (!vm.replacedBy || state === null || nextFailoverState(state, 'undo') === null) {
    return verdictOf([nothingToDecide(vm, 'undone')]);
  }
  return verdictOf([...hostReasons(vm, host), ...busyReasons(vm, busy)]);
}

export interface CommitFacts extends DecisionFacts {
  deleteSource: boolean;
  /** Give the recovered VM the policies of the source's disks. */
  protect: boolean;
  /** Whether the recovered VM's disks are on a datastore, and not at the target. */
  isCopied: boolean;
  /** Labels of the source's disks that have no storage policy. */
  withoutPolicy: readonly string[];
}

export function judgeCommit(facts: CommitFacts): Verdict {
  const { vm, host, state, busy, deleteSource, protect, isCopied, withoutPolicy } = facts;
  const { replacedBy } = vm;
  if (!replacedBy || state === null || nextFailoverState(state, 'commit') === null) {
    return verdictOf([nothingToDecide(vm, 'committed')]);
  }
  const reasons = busyReasons(vm, busy);
  if (!isCopied) {
    const message = `The disks of ${replacedBy.name} are not on a datastore yet.`;
    const remedy = 'Wait until they are copied, or move its storage.';
    reasons.push({ fault: 'InvalidState', message, remedy, objects: [replacedBy.id] });
  }
  if (deleteSource) reasons.push(...hostReasons(vm, host), ...onReasons(vm));
  if (protect) {
    for (const label of withoutPolicy) {
      const message = `${label} of ${vm.name} has no storage policy that could be taken over.`;
      const remedy = `Give the disks of ${replacedBy.name} a policy after the commit.`;
      reasons.push({ fault: 'InvalidState', message, remedy, objects: [vm.id] });
    }
  }
  return verdictOf(reasons);
}

function onReasons({ id, name, powerState }: VmFacts): Reason[] {
  if (powerState === 'poweredOff') return [];
  const message = `${name} is not powered off yet.`;
  return [{ fault: 'InvalidPowerState', message, remedy: `Power off ${name}.`, objects: [id] }];
}

function busyReasons({ replacedBy }: VmFacts, busy: string | null): Reason[] {
  if (busy === null || !replacedBy) return [];
  const message = `“${busy}” is in progress on ${replacedBy.name}.`;
  const remedy = 'Wait until it has ended, or cancel it.';
  return [{ fault: 'TaskInProgress', message, remedy, objects: [replacedBy.id] }];
}

function nothingToDecide({ id, name }: VmFacts, what: string): Reason {
  const message = `There is no failover of ${name} that could be ${what}.`;
  return { fault: 'InvalidState', message, objects: [id] };
}
