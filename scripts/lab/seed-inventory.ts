// The lab's datacenter, cluster, hosts and datastores, in one transaction.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { assert } from '#lib/base/assert.ts';
import { recordChanges } from '#lib/controller/changes/record-change.ts';
import { transact } from '#lib/controller/changes/transact.ts';
import type { Database, DatabaseTransaction } from '#lib/controller/database/client.ts';
import { postEvents } from '#lib/controller/events/post-event.ts';
import { allocateId } from '#lib/controller/inventory/allocate-id.ts';
import { LAB_CLUSTER, LAB_DATACENTER, LAB_DATASTORES, LAB_HOSTS } from './lab.ts';
import type { LabAgent, SeedOptions } from './seed-options.ts';

export async function seedInventory(
  db: Database,
  { dataFolder, hosts }: SeedOptions,
): Promise<void> {
  if (await db.datacenter.findUnique({ where: { name: LAB_DATACENTER } })) return;
  await transact(db, async (tx) => {
    const datacenterId = await allocateId(tx, 'datacenter');
    await tx.datacenter.create({ data: { id: datacenterId, name: LAB_DATACENTER } });
    const clusterId = await seedCluster(tx, datacenterId);
    const hostIds = await seedHosts(tx, { datacenterId, clusterId, hosts });
    const datastoreIds = await seedDatastores(tx, { datacenterId, hostIds, dataFolder });
    const made = [datacenterId, clusterId, ...hostIds, ...datastoreIds];
    await postEvents(tx, [
      {
        type: 'DatacenterCreatedEvent',
        severity: 'info',
        message: `Created datacenter ${LAB_DATACENTER}.`,
        objects: [datacenterId],
      },
      ...hostIds.map((id, index) => ({
        type: 'HostAddedEvent',
        severity: 'info' as const,
        message: `Added host ${LAB_HOSTS[index]?.name} to datacenter ${LAB_DATACENTER}.`,
        objects: [id, datacenterId],
      })),
    ]);
    await recordChanges(
      tx,
      made.map((object) => ({ object, path: 'created' })),
    );
  });
}

/** Writes where each agent listens now; the token is the one that it keeps. */
export async function updateHostAddresses(
  db: Database,
  agents: readonly LabAgent[],
): Promise<void> {
  for (const { name, url, token } of agents) {
    await transact(db, async (tx) => {
      const host = await tx.host.findUnique({ where: { name } });
      if (!host || (host.agentUrl === url && host.agentToken === token)) return;
      await tx.host.update({ where: { name }, data: { agentUrl: url, agentToken: token } });
      await recordChanges(tx, [{ object: host.id, path: 'agentUrl' }]);
    });
  }
}

async function seedCluster(tx: DatabaseTransaction, datacenterId: string): Promise<string> {
  const { name, drs } = LAB_CLUSTER;
  const id = await allocateId(tx, 'cluster');
  const config = {
    drsEnabled: drs.enabled,
    drsBehavior: drs.behavior,
    drsThreshold: drs.threshold,
  };
  await tx.cluster.create({ data: { id, name, datacenterId, ...config } });
  return id;
}

async function seedHosts(
  tx: DatabaseTransaction,
  place: { datacenterId: string; clusterId: string; hosts: readonly LabAgent[] },
): Promise<string[]> {
  const clustered: readonly string[] = LAB_CLUSTER.hosts;
  const ids: string[] = [];
  for (const { name } of LAB_HOSTS) {
    const agent = place.hosts.find((host) => host.name === name);
    assert(agent, `the agent of ${name} was started`);
    const id = await allocateId(tx, 'host');
    await tx.host.create({
      data: {
        id,
        name,
        datacenterId: place.datacenterId,
        clusterId: clustered.includes(name) ? place.clusterId : null,
        agentUrl: agent.url,
        agentToken: agent.token,
      },
    });
    ids.push(id);
  }
  return ids;
}

async function seedDatastores(
  tx: DatabaseTransaction,
  place: { datacenterId: string; hostIds: string[]; dataFolder: string },
): Promise<string[]> {
  const ids: string[] = [];
  for (const { name, type } of LAB_DATASTORES) {
    const folder = path.join(place.dataFolder, 'datastores', name);
    mkdirSync(folder, { recursive: true });
    const id = await allocateId(tx, 'datastore');
    const mounts = { create: place.hostIds.map((hostId) => ({ hostId })) };
    const { datacenterId } = place;
    await tx.datastore.create({ data: { id, name, type, path: folder, datacenterId, mounts } });
    ids.push(id);
  }
  return ids;
}
