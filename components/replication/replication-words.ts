// The states of replication and of recoveries in words and tones. Pure.
import type { ReplicatedDisk, ReplicationState } from '#lib/wire/api/replication.ts';
import type { Tone } from '../ui/badge.tsx';

interface Word {
  label: string;
  tone: Tone;
}

const STATES: Record<ReplicationState, Word> = {
  unknown: { label: 'Not known yet', tone: 'idle' },
  initialSync: { label: 'Initial sync', tone: 'info' },
  inSync: { label: 'In sync', tone: 'ok' },
  resync: { label: 'Resync', tone: 'info' },
  targetAway: { label: 'Target away', tone: 'bad' },
  degraded: { label: 'Degraded', tone: 'warn' },
  replaced: { label: 'Replaced, cannot write', tone: 'bad' },
  off: { label: 'Powered off', tone: 'idle' },
};

export function stateWord({ state, targetTrouble }: ReplicatedDisk): Word {
  if (state === 'off' && targetTrouble !== '') return STATES.targetAway;
  return STATES[state];
}

const RECOVERIES: Record<string, Word> = {
  waiting: { label: 'Waiting', tone: 'info' },
  preparing: { label: 'Being made', tone: 'info' },
  serving: { label: 'Under test', tone: 'info' },
  copying: { label: 'On, disks are being copied', tone: 'info' },
  completed: { label: 'Completed', tone: 'ok' },
  ended: { label: 'Ended', tone: 'idle' },
  failed: { label: 'Failed', tone: 'bad' },
};

export function recoveryWord(state: string): Word {
  return RECOVERIES[state] ?? { label: state, tone: 'idle' };
}

/** The lag is longer than the policy wants; an initial sync takes its time. */
export function violatesRpo({ state, lagMilliseconds, rpoSeconds }: ReplicatedDisk): boolean {
  if (state === 'initialSync') return false;
  return rpoSeconds > 0 && lagMilliseconds !== null && lagMilliseconds > rpoSeconds * 1000;
}

/** How much of the disk its target has, in percent; null when nothing is left to be sent. */
export function syncPercent({ remainingBytes, capacityBytes, state }: ReplicatedDisk) {
  if (state !== 'initialSync' && state !== 'resync') return null;
  if (remainingBytes === null || capacityBytes === 0) return null;
  return Math.max(0, Math.min(100, 100 - (100 * remainingBytes) / capacityBytes));
}
