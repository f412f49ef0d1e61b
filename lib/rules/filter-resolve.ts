// Is there anything to resolve about a filter on these hosts?
import type { HostFilterState } from '../model/inventory.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';

export interface ResolveFacts {
  filterId: string;
  /** Name of the cluster or host. */
  where: string;
  hosts: { id: string; state: HostFilterState | null }[];
}

/** Hosts on which the last operation did not end well, or that never were asked. */
export function hostsToResolve({ hosts }: ResolveFacts): string[] {
  return hosts.filter(({ state }) => state !== 'installed').map(({ id }) => id);
}

export function judgeResolve(facts: ResolveFacts): Verdict {
  if (hostsToResolve(facts).length > 0) return verdictOf([]);
  return verdictOf([
    {
      fault: 'InvalidState',
      message: `${facts.filterId} has no installation errors on ${facts.where}.`,
    },
  ]);
}
