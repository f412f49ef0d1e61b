// When the replication of a disk needs attention.

export interface LagFacts {
  label: string;
  /** In the words of the filter: `inSync`, `targetAway`, … */
  state: string;
  /** 0 for nothing wanted. */
  rpoSeconds: number;
  /** Null without a measurement. */
  lagMilliseconds: number | null;
}

/** A sentence; empty when nothing is wrong. Initial sync takes its time, and is not late. */
export function lagAlarm(vmName: string, facts: LagFacts): string {
  const { label, state, rpoSeconds, lagMilliseconds } = facts;
  if (state === 'degraded') {
    return `${label} of ${vmName} goes on without its replication target; changes are kept.`;
  }
  // Another virtual machine stands in for it: its copy is not to have anything more.
  if (state === 'replaced') return '';
  if (rpoSeconds === 0 || lagMilliseconds === null || state === 'initialSync') return '';
  if (lagMilliseconds <= rpoSeconds * 1000) return '';
  const seconds = Math.round(lagMilliseconds / 1000);
  return `The copy of ${label} of ${vmName} is ${seconds} s behind; ${rpoSeconds} s are wanted.`;
}
