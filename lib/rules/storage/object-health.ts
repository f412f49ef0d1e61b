// The health of a storage object in words: on its disk, in an event, in an alarm. Pure.
import { MIB } from '../../model/limits.ts';
import type { ObjectComponent, ObjectState } from '../../model/storage-object.ts';
import type { EventSeverity } from '../../model/task.ts';

export interface ObjectHealthFacts {
  state: ObjectState;
  bytesToResync: number;
  /** What was to be copied when the resynchronisation under way began. */
  resyncTotalBytes: number;
  components: readonly ObjectComponent[];
  /** Of a vVol, the host that has it bound. */
  holder: string | null;
}

/** Good states cost nobody anything. */
export function isWell(state: ObjectState): boolean {
  return state === 'healthy' || state === 'bound' || state === 'unbound';
}

/** 0 to 100; null when nothing is copied. */
export function resyncPercent(facts: ObjectHealthFacts): number | null {
  const { state, bytesToResync, resyncTotalBytes } = facts;
  if (state !== 'resyncing' || resyncTotalBytes <= 0) return null;
  const done = 1 - bytesToResync / resyncTotalBytes;
  return Math.floor(Math.min(1, Math.max(0, done)) * 100);
}

/** A few words for a badge: `resyncing 40 %`. */
export function healthWords(facts: ObjectHealthFacts): string {
  const { state, holder } = facts;
  switch (state) {
    case 'healthy':
      return 'healthy';
    case 'resyncing':
      return `resyncing ${resyncPercent(facts) ?? 0} %`;
    case 'bound':
      return holder === null ? 'bound' : `bound to ${holder}`;
    case 'unbound':
      return 'not bound';
    case 'inaccessible':
      return ['inaccessible', ...missing(facts)].join(', ');
    default:
      return ['reduced availability', ...missing(facts)].join(', ');
  }
}

/** What became of it, as a sentence about `name`; null for what is no news. */
export function healthNews(
  name: string,
  before: ObjectState | null,
  facts: ObjectHealthFacts,
): { severity: EventSeverity; message: string } | null {
  const { state, bytesToResync } = facts;
  if (before === state || (before === null && isWell(state))) return null;
  if (isWell(state)) {
    if (before !== null && isWell(before)) return null;
    return { severity: 'info', message: `${name} is healthy again.` };
  }
  const why = missing(facts).join(', ');
  const reason = why === '' ? '.' : `: ${why}.`;
  if (state === 'resyncing') {
    const left = Math.ceil(bytesToResync / MIB);
    const message = `${name} is resynchronising: at most ${left} MiB are to be copied.`;
    return { severity: 'info', message };
  }
  if (state === 'inaccessible') {
    const message = `${name} is inaccessible${reason} Its I/O waits, then fails.`;
    return { severity: 'error', message };
  }
  return { severity: 'warning', message: `${name} has reduced availability${reason}` };
}

/** Those that do not serve their component. */
export function missingHosts({ components }: ObjectHealthFacts): string[] {
  return components
    .filter(({ state }) => state === 'absent' || state === 'degraded')
    .map(({ hostName }) => hostName);
}

/** `esx02 absent`. */
function missing({ components }: ObjectHealthFacts): string[] {
  return components
    .filter(({ state }) => state !== 'active')
    .map(({ hostName, state }) => `${hostName} ${state}`);
}
