// May DRS of a cluster be set so?
import type { DrsConfig } from '../model/inventory.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';
import type { ClusterFacts, HostFacts } from './facts.ts';
import { traitsOf } from './hosts/host-version.ts';

/**
 * Hosts of 6.0 Update 1 use I/O filters only in a cluster whose DRS is enabled, so it stays enabled
 * there.
 */
export function judgeDrsConfig(
  cluster: ClusterFacts,
  hosts: HostFacts[],
  config: DrsConfig,
): Verdict {
  const early = hosts.filter((host) => traitsOf(host)?.needsDrs);
  if (config.enabled || cluster.filters.length === 0 || early.length === 0) return verdictOf([]);
  const names = early.map((host) => host.name).join(', ');
  return verdictOf([
    {
      fault: 'InvalidState',
      message:
        `${names} run 6.0 Update 1, which uses I/O filters only where DRS is enabled, ` +
        `and ${cluster.name} has filters.`,
      remedy: 'Upgrade the hosts to 6.0 Update 2, or uninstall the filters first.',
      objects: early.map((host) => host.id),
    },
  ]);
}
