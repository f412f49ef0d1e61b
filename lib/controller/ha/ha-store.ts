// vSphere HA as the database has it: how clusters are set, and the VMs of a host that has failed
// with what their restart is judged by.
import {
  type HaConfig,
  haHostStateSchema,
  type RestartPriority,
  restartPrioritySchema,
} from '../../model/availability.ts';
import { Fault } from '../../model/fault.ts';
import type { HostFacts } from '../../rules/facts.ts';
import type { LostVm } from '../../rules/ha/restarts.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Cluster, Host } from '../database/generated/client.ts';
import { readHostFacts, readVmFacts } from '../inventory/read-facts.ts';

export function haConfigOf(cluster: Cluster): HaConfig {
  return {
    enabled: cluster.haEnabled,
    hostMonitoring: cluster.haHostMonitoring,
    restartPriority: restartPrioritySchema.parse(cluster.haRestartPriority),
    admissionControl: cluster.haAdmissionControl,
    failuresTolerated: cluster.haFailuresTolerated,
  };
}

/** `NotFound` when there is no such cluster. */
export async function findHaConfig(tx: DatabaseTransaction, clusterId: string): Promise<HaConfig> {
  const cluster = await tx.cluster.findUnique({ where: { id: clusterId } });
  if (!cluster) throw new Fault('NotFound', `There is no cluster ${clusterId}.`);
  return haConfigOf(cluster);
}

/** A host that does not answer, as vSphere HA has it, with the others of its cluster. */
export interface FailedHost {
  host: Host;
  cluster: Cluster;
  /** Whether it counts as failed now. */
  isDown: boolean;
  others: HostFacts[];
}

/** Null for a host that is gone, or in no cluster with vSphere HA. */
export async function findFailedHost(
  tx: DatabaseTransaction,
  hostId: string,
): Promise<FailedHost | null> {
  const row = await tx.host.findUnique({ where: { id: hostId }, include: { cluster: true } });
  if (!row?.cluster?.haEnabled) return null;
  const { cluster, ...host } = row;
  const state = haHostStateSchema.parse(host.haState);
  const isDown = state === 'hostDown' && host.connectionState === 'notResponding';
  const where = { clusterId: cluster.id, id: { not: hostId } };
  return { host, cluster, isDown, others: await readHostFacts(tx, where) };
}

/** The VMs that shall run and are registered on the host; of one VM, if it is named. */
export async function readLostVms(
  tx: DatabaseTransaction,
  { host, cluster }: Pick<FailedHost, 'host' | 'cluster'>,
  vmId?: string,
): Promise<LostVm[]> {
  const where = {
    hostId: host.id,
    desiredPowerState: 'poweredOn',
    isTemplate: false,
    ...(vmId === undefined ? {} : { id: vmId }),
  };
  const [facts, own] = await Promise.all([
    readVmFacts(tx, where),
    tx.vm.findMany({ where, select: { id: true, haRestartPriority: true } }),
  ]);
  const priorities = new Map(own.map((row) => [row.id, row.haRestartPriority]));
  return facts.map((vm) => ({ vm, priority: priorityOf(priorities.get(vm.id) ?? null, cluster) }));
}

export function priorityOf(own: string | null, cluster: Cluster): RestartPriority {
  return restartPrioritySchema.parse(own ?? cluster.haRestartPriority);
}
