// An inventory of any size as rows of a database: clusters of hosts that have a filter installed,
// and VMs with one disk each that use it. What the bench of the control plane reads and judges.
import type { Database } from '#lib/controller/database/client.ts';

const POLICY = 'profile-bench';
const FILTER = { name: 'trace', class: 'inspection' as const, properties: {} };
const ROWS_AT_ONCE = 1_000;

export interface BenchCluster {
  id: string;
  /** Number of its first host and its first VM, above those of other clusters. */
  from: number;
  hosts: number;
  vms: number;
  /** All VMs on the first quarter of the hosts, so that DRS has work. */
  uneven?: boolean;
}

export async function addPolicy(db: Database): Promise<void> {
  await db.policy.create({
    data: {
      ...{ id: POLICY, name: 'Bench', description: '', rules: [] },
      ...{ createdBy: 'bench', updatedBy: 'bench' },
    },
  });
}

/** In the datacenter and on the datastore of the tests' inventory. */
export async function addCluster(db: Database, cluster: BenchCluster): Promise<void> {
  const { id, from, hosts, vms, uneven = false } = cluster;
  await db.cluster.create({
    data: {
      ...{ id, name: `Bench ${id}`, datacenterId: 'datacenter-1' },
      ...{ drsEnabled: true, drsBehavior: 'manual', drsThreshold: 3 },
    },
  });
  const hostIds = count(hosts).map((number) => `host-${from + number}`);
  await inParts(hostIds, (part) => addHosts(db, id, part));
  const used = uneven ? hostIds.slice(0, Math.ceil(hosts / 4)) : hostIds;
  await inParts(count(vms), (part) =>
    addVms(
      db,
      part.map((number) => ({ number: from + number, hostId: used[number % used.length] ?? '' })),
    ),
  );
}

async function addHosts(db: Database, clusterId: string, ids: string[]): Promise<void> {
  await db.host.createMany({
    data: ids.map((id) => ({
      ...{ id, name: `esx-${id}`, clusterId, datacenterId: 'datacenter-1' },
      ...{ agentUrl: 'http://127.0.0.1:1', agentToken: 'none', version: '8.0.0', build: '1' },
      ...{ acceptanceLevel: 'PartnerSupported', cpuCores: 64, memoryMib: 524_288 },
      connectionState: 'connected',
    })),
  });
  await db.hostDatastore.createMany({
    data: ids.map((hostId) => ({ hostId, datastoreId: 'datastore-1', accessible: true })),
  });
  await db.hostVib.createMany({
    data: ids.map((hostId) => ({
      ...{ hostId, vibId: 'TST_bootbank_trace_1.0.0', name: 'trace', vendor: 'TST' },
      ...{ version: '1.0.0', filterId: 'TST_trace_1.0.0', filterName: 'trace' },
      ...{ filterClass: 'inspection', installedAt: new Date(0) },
    })),
  });
}

async function addVms(db: Database, vms: { number: number; hostId: string }[]): Promise<void> {
  await db.vm.createMany({
    data: vms.map(({ number, hostId }) => ({
      ...{ id: `vm-${number}`, name: `load${number}`, instanceUuid: `load-${number}`, hostId },
      ...{ cpuCount: 1, memoryMib: 256, guestFullName: 'Other Linux', datastoreId: 'datastore-1' },
      ...{ vmxPath: `load${number}/load${number}.vmx`, desiredPowerState: 'poweredOn' },
      ...{ powerState: number % 10 === 0 ? 'poweredOff' : 'poweredOn', worldState: 'running' },
      ...{ nbdPort: 10_809, cpuUsage: 0.2 },
    })),
  });
  await db.disk.createMany({
    data: vms.map(({ number }) => ({
      ...{ vmId: `vm-${number}`, key: 2000, label: 'Hard disk 1', unit: 'scsi0:0' },
      ...{ datastoreId: 'datastore-1', path: `load${number}/load${number}.vmdk` },
      ...{ capacityBytes: 1n << 30n, policyId: POLICY, policyGeneration: 1 },
      ...{ filters: [FILTER], reportedFilters: [FILTER] },
    })),
  });
}

async function inParts<Value>(
  values: readonly Value[],
  work: (part: Value[]) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < values.length; from += ROWS_AT_ONCE) {
    await work(values.slice(from, from + ROWS_AT_ONCE));
  }
}

function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
