// The lab's datacenter, cluster, hosts, datastores and virtual machines, through the same functions
// that everything else goes through. Each of them finds what is there already.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { assert } from '#lib/base/assert.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { recordChange } from '#lib/controller/changes/record-change.ts';
import { transact } from '#lib/controller/changes/transact.ts';
import type { Database } from '#lib/controller/database/client.ts';
import { createCluster } from '#lib/controller/inventory/create-cluster.ts';
import { createDatacenter } from '#lib/controller/inventory/create-datacenter.ts';
import { createDatastore } from '#lib/controller/inventory/create-datastore.ts';
import { createVm } from '#lib/controller/inventory/create-vm.ts';
import { registerHost } from '#lib/controller/inventory/register-host.ts';
import { systemCaller } from '#lib/controller/permissions/caller.ts';
import {
  LAB_CLUSTER,
  LAB_DATACENTER,
  LAB_DATASTORES,
  LAB_HOSTS,
  LAB_VMS,
  type LabVm,
} from './lab.ts';
import type { LabAgent, SeedOptions } from './seed-options.ts';

/** Ids by name. */
type Ids = Map<string, string>;

/** Makes all of it. The files of the VMs follow as tasks of the controller. */
export async function seedInventory(db: Database, options: SeedOptions): Promise<void> {
  const datacenterId = await createDatacenter(db, { name: LAB_DATACENTER });
  const { name, drs } = LAB_CLUSTER;
  const clusterId = await createCluster(db, { name, datacenterId, drs });
  const datastores = await seedDatastores(db, datacenterId, options.dataFolder);
  const place = { datacenterId, clusterId, datastoreIds: [...datastores.values()] };
  const hosts = await seedHosts(db, options.hosts, place);
  for (const vm of LAB_VMS) await seedVm(db, vm, { hosts, datastores });
}

/** Writes where each agent listens now, and the token that it knows its controller by. */
export async function updateHostAddresses(
  db: Database,
  agents: readonly LabAgent[],
): Promise<void> {
  for (const { name, url, token } of agents) {
    await transact(db, async (tx) => {
      const host = await tx.host.findUnique({ where: { name } });
      if (!host || (host.agentUrl === url && host.agentToken === token)) return;
      await tx.host.update({ where: { name }, data: { agentUrl: url, agentToken: token } });
      await recordChange(tx, { object: host.id, path: 'agentUrl' });
    });
  }
}

async function seedDatastores(
  db: Database,
  datacenterId: string,
  dataFolder: string,
): Promise<Ids> {
  const ids: Ids = new Map();
  for (const { name, type } of LAB_DATASTORES) {
    const folder = path.join(dataFolder, 'datastores', name);
    mkdirSync(folder, { recursive: true });
    ids.set(name, await createDatastore(db, { name, datacenterId, type, path: folder }));
  }
  return ids;
}

async function seedHosts(
  db: Database,
  agents: readonly LabAgent[],
  place: { datacenterId: string; clusterId: string; datastoreIds: string[] },
): Promise<Ids> {
  const clustered: readonly string[] = LAB_CLUSTER.hosts;
  const ids: Ids = new Map();
  for (const { name } of LAB_HOSTS) {
    const agent = agents.find((candidate) => candidate.name === name);
    assert(agent, `the agent of ${name} was started`);
    const host = { name, agentUrl: agent.url, agentToken: agent.token };
    const clusterId = clustered.includes(name) ? place.clusterId : null;
    ids.set(name, await registerHost(db, { ...place, ...host, clusterId }));
  }
  return ids;
}

async function seedVm(
  db: Database,
  vm: LabVm,
  { hosts, datastores }: { hosts: Ids; datastores: Ids },
): Promise<void> {
  const hostId = hosts.get(vm.host);
  const datastoreId = datastores.get(vm.datastore);
  assert(hostId && datastoreId, `the host and the datastore of ${vm.name} are in the lab`);
  const { name, cpuCount, memoryMib, guestFullName, poweredOn, files } = vm;
  const disks = vm.disks.map((capacityBytes, index) => ({
    capacityBytes,
    ...(index === 0 && files ? { contents: { label: name, files: [...files] } } : {}),
  }));
  const place = { hostId, datastoreId };
  const input = { name, cpuCount, memoryMib, guestFullName, disks, ...place, powerOn: poweredOn };
  await createVm({ db, caller: systemCaller('Sluice'), random: systemRandom }, input);
}
