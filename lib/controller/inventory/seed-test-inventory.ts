// A small inventory for tests of the views and of the REST face: one of everything, so that no list
// is empty.
import { type Random, randomUuid } from '../../base/random.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { ROLES } from '../../model/role.ts';
import { recordChange } from '../changes/record-change.ts';
import type { Database } from '../database/client.ts';
import { hashPassword } from '../sessions/passwords.ts';

export const TEST_PASSWORD = 'correct horse battery';
/** One user for each role: `admin`, `reader`, `operator`. */
const TEST_USERS = [
  { id: 'user-1', name: 'admin', roleId: -1 },
  { id: 'user-2', name: 'reader', roleId: -2 },
  { id: 'user-3', name: 'operator', roleId: 4 },
] as const;

const TRACE = { name: 'trace', class: 'inspection', properties: {} };
const DRS = { drsEnabled: true, drsBehavior: 'partiallyAutomated', drsThreshold: 3 };

/**
 * Cluster Prod with esx01 and esx02, esx04 alone, one datastore, VMs web01 (on, filtered) and db01.
 */
export async function seedTestInventory(db: Database, random: Random): Promise<void> {
  await seedUsers(db, random);
  await db.datacenter.create({ data: { id: 'datacenter-1', name: 'Lab' } });
  await db.cluster.create({
    data: { id: 'domain-c1', name: 'Prod', datacenterId: 'datacenter-1', ...DRS },
  });
  await db.datastore.create({
    data: {
      ...{ id: 'datastore-1', name: 'vmfs01', datacenterId: 'datacenter-1', type: 'VMFS' },
      ...{ path: '/tmp/vmfs01', capacityBytes: 1_000_000_000n, freeBytes: 400_000_000n },
    },
  });
  await seedHosts(db);
  await seedFilter(db);
  await seedVms(db, random);
  await seedHistory(db);
}

async function seedUsers(db: Database, random: Random): Promise<void> {
  for (const { privileges, ...role } of ROLES) {
    await db.role.create({ data: { ...role, privileges: [...privileges] } });
  }
  const passwordHash = await hashPassword(TEST_PASSWORD, random);
  for (const { id, name, roleId } of TEST_USERS) {
    const permission = { objectId: ROOT_FOLDER_ID, roleId, propagate: true };
    await db.user.create({ data: { id, name, passwordHash, permissions: { create: permission } } });
  }
  for (const kind of ['user', 'policy', 'vib', 'trace', 'task']) {
    await db.idCounter.create({ data: { kind, next: 100 } });
  }
}

async function seedHosts(db: Database): Promise<void> {
  for (const [index, clusterId] of ['domain-c1', 'domain-c1', null].entries()) {
    const name = index === 2 ? 'esx04' : `esx0${index + 1}`;
    await db.host.create({
      data: {
        ...{ id: `host-${index + 1}`, name, clusterId, datacenterId: 'datacenter-1' },
        ...{ agentUrl: 'http://127.0.0.1:7001', agentToken: 'secret' },
        ...{ version: '8.0.0', build: '1', acceptanceLevel: 'PartnerSupported' },
        ...{ cpuCores: 8, memoryMib: 16_384, connectionState: 'connected' },
        mounts: { create: { datastoreId: 'datastore-1', accessible: true } },
      },
    });
  }
}

/** The filter `trace` is on esx01, and failed on esx02. */
async function seedFilter(db: Database): Promise<void> {
  const filter = { filterId: 'TST_trace_1.0.0', name: 'trace', vendor: 'TST', version: '1.0.0' };
  const vib = { vibId: 'TST_bootbank_trace_1.0.0', name: 'trace', vendor: 'TST', version: '1.0.0' };
  await db.clusterFilter.create({
    data: {
      ...{ ...filter, clusterId: 'domain-c1', type: 'inspection', summary: '', releaseDate: '' },
      ...{ vibId: vib.vibId, depotId: 'vib-1', opType: 'install' },
    },
  });
  const filterOfVib = { filterId: filter.filterId, filterName: 'trace', filterClass: 'inspection' };
  await db.hostVib.create({
    data: { hostId: 'host-1', ...vib, ...filterOfVib, installedAt: new Date(0) },
  });
  const fault = { fault: 'VibDownloadError', message: 'No answer.', reasons: [] };
  await db.hostFilterState.createMany({
    data: [
      { hostId: 'host-1', filterId: filter.filterId, state: 'installed', progress: 100 },
      { hostId: 'host-2', filterId: filter.filterId, state: 'failed', fault },
    ],
  });
}

async function seedVms(db: Database, random: Random): Promise<void> {
  const rules = [{ filterClass: 'inspection', provider: 'trace', properties: {} }];
  const by = { description: '', createdBy: 'admin', updatedBy: 'admin' };
  await db.policy.create({ data: { id: 'profile-1', name: 'Traced', rules, ...by } });
  const shared = { cpuCount: 2, memoryMib: 1024, guestFullName: 'Debian', vmxPath: 'vm.vmx' };
  for (const [index, name] of ['web01', 'db01'].entries()) {
    const isOn = index === 0;
    await db.vm.create({
      data: {
        ...{ id: `vm-${index + 1}`, name, instanceUuid: randomUuid(random), hostId: 'host-1' },
        ...{ ...shared, datastoreId: 'datastore-1', nbdPort: isOn ? 10_809 : 0 },
        desiredPowerState: isOn ? 'poweredOn' : 'poweredOff',
        powerState: isOn ? 'poweredOn' : 'poweredOff',
        worldState: isOn ? 'running' : 'off',
        disks: {
          create: {
            ...{ key: 2000, label: 'Hard disk 1', unit: 'scsi0:0', datastoreId: 'datastore-1' },
            ...{ path: `${name}/${name}.vmdk`, capacityBytes: 104_857_600n },
            ...(isOn ? { policyId: 'profile-1', policyGeneration: 1, filters: [TRACE] } : {}),
            ...(isOn ? { reportedFilters: [TRACE] } : {}),
          },
        },
      },
    });
  }
}

async function seedHistory(db: Database): Promise<void> {
  await db.recommendation.create({
    data: {
      ...{ id: 'recommendation-1', clusterId: 'domain-c1', vmId: 'vm-1', priority: 2 },
      ...{ fromHostId: 'host-1', toHostId: 'host-2', reason: 'fairnessMemAvg', reasonText: '' },
    },
  });
  await db.task.create({
    data: {
      ...{ id: 'task-1', operation: 'VirtualMachine.powerOn', label: 'Power On virtual machine' },
      ...{ targetId: 'vm-1', targetName: 'web01', initiator: 'admin', state: 'success' },
      ...{ input: {}, progress: 100, completedAt: new Date(1000) },
    },
  });
  await db.event.create({
    data: {
      ...{
        type: 'VmPoweredOnEvent',
        severity: 'info',
        message: 'web01 is on.',
        initiator: 'admin',
      },
      objects: ['vm-1'],
    },
  });
  await db.resourcePool.create({
    data: { id: 'resgroup-1', name: 'Silver', clusterId: 'domain-c1' },
  });
  await db.onlineDepot.create({
    data: {
      ...{ id: 'depot-1', url: 'http://127.0.0.1:9/index.xml', addedBy: 'admin' },
      intervalMinutes: 0,
    },
  });
  await db.traceFile.create({
    data: {
      ...{ id: 'trace-1', name: 'oltp', fileName: 'oltp.vscsi', formatVersion: 2, records: 2 },
      ...{
        durationMs: 10,
        reads: 1,
        writes: 1,
        spanBytes: 4096n,
        sizeBytes: 80n,
        addedBy: 'admin',
      },
    },
  });
  const latency = { meanUs: 1, p50Us: 1, p99Us: 2, maxUs: 3 };
  const rate = { iops: 1, bytesPerSecond: 4096 };
  const disk = {
    ...{ diskKey: 2000, read: rate, write: rate, otherIops: 0, errorsPerSecond: 0, inFlight: 0 },
    ...{ connections: 1, latency, filters: [] },
  };
  const data = { at: 1000, intervalMs: 1000, cpu: 0.1, residentBytes: 1, disks: [disk] };
  await db.vmSample.create({ data: { vmId: 'vm-1', at: new Date(1000), data } });
  await recordChange(db, { object: 'vm-1', path: 'created' });
}
