// May a host join a cluster, leave it, or leave the inventory? It leaves its filters behind with
// the cluster, so none of its VMs may need one that it will not have.
import type { Reason } from '../../model/fault.ts';
import { FILTER_CLASSES, type FilterClass } from '../../model/filter-class.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { HostFacts, VmFacts } from '../facts.ts';
import { type VersionedHost, versionReasons } from './host-version.ts';

export interface ClusterToJoin {
  id: string;
  name: string;
  datacenterId: string;
  drsEnabled: boolean;
  filters: readonly { name: string; type: FilterClass; ofPartner: boolean }[];
  hosts: readonly VersionedHost[];
}

export interface MoveFacts {
  host: HostFacts & { datacenterId: string };
  /** Registered on the host, whether on or off. */
  vms: VmFacts[];
  /** Null for a standalone host. */
  source: { id: string; name: string } | null;
  /** Null: it becomes a standalone host. */
  target: ClusterToJoin | null;
}

/** ClusterComputeResource.moveInto: out of a cluster in maintenance mode only. */
export function judgeMoveHost(facts: MoveFacts): Verdict {
  const { host, source, target } = facts;
  const reasons = [...notConnected(host)];
  if (source?.id === target?.id) {
    const where = source ? `in ${source.name}` : 'a standalone host';
    reasons.push({ fault: 'InvalidState', message: `${host.name} is ${where} already.` });
    return verdictOf(reasons);
  }
  if (target && target.datacenterId !== host.datacenterId) {
    reasons.push({
      fault: 'InvalidArgument',
      message: `${target.name} is in another datacenter than ${host.name}.`,
      objects: [target.id],
    });
  }
  reasons.push(...notInMaintenance(facts), ...neededFilters(facts));
  if (target) reasons.push(...judgeJoining(host, target).reasons);
  return verdictOf(reasons);
}

/** Whether a host of that version fits to the cluster's filters and its other hosts. */
export function judgeJoining(host: VersionedHost, cluster: ClusterToJoin): Verdict {
  const { name: clusterName, drsEnabled, filters } = cluster;
  if (filters.length === 0) return verdictOf([]);
  const hosts = [...cluster.hosts, host];
  const ofPartner = filters.some((filter) => filter.ofPartner);
  return verdictOf(versionReasons({ clusterName, drsEnabled, hosts, ofPartner }));
}

/** HostSystem.destroy: without VMs, and out of a cluster in maintenance mode only. */
export function judgeRemoveHost(facts: Omit<MoveFacts, 'target'>): Verdict {
  const { host, vms, source } = facts;
  const reasons: Reason[] = [];
  if (vms.length > 0) {
    const names = vms.map(({ name }) => name).join(', ');
    reasons.push({
      fault: 'ResourceInUse',
      message: `${names} ${vms.length === 1 ? 'is' : 'are'} registered on ${host.name}.`,
      remedy: 'Move these virtual machines to another host, or delete them.',
      objects: vms.map(({ id }) => id),
    });
  }
  if (host.connectionState === 'connected') {
    reasons.push(...notInMaintenance({ host, vms, source, target: null }));
  }
  return verdictOf(reasons);
}

function notConnected({ id, name, connectionState }: HostFacts): Reason[] {
  if (connectionState === 'connected') return [];
  const message = `${name} is not connected.`;
  return [{ fault: 'HostNotConnected', message, remedy: `Reconnect ${name}.`, objects: [id] }];
}

function notInMaintenance({ host, source }: MoveFacts): Reason[] {
  if (!source || host.maintenanceState === 'inMaintenance') return [];
  return [
    {
      fault: 'InvalidState',
      message: `${host.name} can leave ${source.name} in maintenance mode only.`,
      remedy: `Enter maintenance mode on ${host.name}.`,
      objects: [host.id],
    },
  ];
}

function neededFilters({ host, vms, target }: MoveFacts): Reason[] {
  const has = (name: string, type: FilterClass) =>
    target?.filters.some((filter) => filter.name === name && filter.type === type) ?? false;
  return vms.flatMap((vm) =>
    vm.disks.flatMap((disk) =>
      disk.filters
        .filter((filter) => !has(filter.name, filter.class))
        .map(
          (filter): Reason => ({
            fault: 'FilterInUse',
            message:
              `${disk.label} of ${vm.name} uses the I/O filter ${filter.name} ` +
              `(${FILTER_CLASSES[filter.class].label}), which ${host.name} would lose.`,
            remedy: target
              ? `Install ${filter.name} on ${target.name}, or move ${vm.name} to another host.`
              : `Move ${vm.name} to another host of the cluster.`,
            objects: [vm.id],
          }),
        ),
    ),
  );
}
