// The words of vSphere HA, as the field uses them.
import type { HaHostState, RestartPriority } from '#lib/model/availability.ts';
import type { Tone } from '../ui/badge.tsx';

export const PRIORITY_LABELS: Record<RestartPriority, string> = {
  highest: 'Highest',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  lowest: 'Lowest',
  disabled: 'Disabled',
};

export const HOST_STATES: Record<HaHostState, { label: string; tone: Tone }> = {
  '': { label: 'Not watched', tone: 'idle' },
  connected: { label: 'Connected', tone: 'ok' },
  agentUnreachable: { label: 'Agent unreachable', tone: 'warn' },
  networkIsolated: { label: 'Network isolated', tone: 'warn' },
  hostDown: { label: 'Host failed', tone: 'bad' },
};

/** How many host failures the cluster could take now. */
export function failuresText(hostFailures: number): string {
  if (hostFailures < 0) return 'None: there is too little memory now';
  if (hostFailures === 0) return 'None';
  return hostFailures === 1 ? '1 host' : `${hostFailures} hosts`;
}
