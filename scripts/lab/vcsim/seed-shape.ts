// Makes the inventory of a generated lab: rows by the thousand with one statement each, then the
// files of the virtual machines, by the function that hosts make them with. Each step finds what is
// there already, so that a start that was killed goes on where it stopped.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createVmFiles as makeFiles } from '#host/datastore/create-vm.ts';
import { Datastore } from '#host/datastore/datastore.ts';
import { assert } from '#lib/base/assert.ts';
import { randomUuid } from '#lib/base/random.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { sealAgentToken } from '#lib/controller/agents/agent-token.ts';
import { recordChange } from '#lib/controller/changes/record-change.ts';
import { transact } from '#lib/controller/changes/transact.ts';
import type { Database, DatabaseTransaction } from '#lib/controller/database/client.ts';
import { createCluster } from '#lib/controller/inventory/create-cluster.ts';
import { createDatacenter } from '#lib/controller/inventory/create-datacenter.ts';
import { createDatastore } from '#lib/controller/inventory/create-datastore.ts';
import { systemCaller } from '#lib/controller/permissions/caller.ts';
import type { Sealer } from '#lib/controller/secrets/sealer.ts';
import { submit } from '#lib/controller/tasks/submit.ts';
import { createVmFiles } from '#lib/controller/vms/create-vm-files.ts';
import { toRunSpec } from '#lib/controller/vms/vm-store.ts';
import { OBJECT_KINDS } from '#lib/model/object-kind.ts';
import type { LabAgent } from '../seed-options.ts';
import type { LabKnobs } from './knobs.ts';
import { type LabShape, SHAPED_VM, shapeLab } from './shape.ts';

/** Files of so many VMs are made at once. */
const AT_ONCE = 32;
const ROWS_AT_ONCE = 1_000;
const DRS = { enabled: true, behavior: 'partiallyAutomated', threshold: 3 } as const;
const FIRST_DISK_KEY = 2000;

export interface ShapeSeed {
  db: Database;
  knobs: LabKnobs;
  agents: readonly LabAgent[];
  sealer: Sealer;
  dataFolder: string;
}

/** Ids by name. */
type Ids = ReadonlyMap<string, string>;

export async function seedShape(seed: ShapeSeed): Promise<void> {
  const { db, knobs } = seed;
  const shape = shapeLab(knobs);
  const datacenters = await idsOf(shape.datacenters, (name) => createDatacenter(db, { name }));
  const clusters = new Map<string, string>();
  for (const { name, datacenter } of shape.clusters) {
    const datacenterId = idIn(datacenters, datacenter);
    clusters.set(name, await createCluster(db, { name, datacenterId, drs: DRS }));
  }
  const datastores = await seedDatastores(seed, shape, datacenters);
  const hosts = await seedHosts(seed, shape, { datacenters, clusters, datastores });
  await seedVms(seed, shape, { hosts, datastores });
  await makeAllFiles(seed);
  const on = shape.vms.filter(({ poweredOn }) => poweredOn).map(({ name }) => name);
  await powerOn(db, on);
}

async function idsOf(
  names: readonly string[],
  make: (name: string) => Promise<string>,
): Promise<Ids> {
  const ids = new Map<string, string>();
  for (const name of names) ids.set(name, await make(name));
  return ids;
}

function idIn(ids: Ids, name: string): string {
  const id = ids.get(name);
  assert(id, `${name} is in the lab`);
  return id;
}

async function seedDatastores(
  { db, dataFolder }: ShapeSeed,
  shape: LabShape,
  datacenters: Ids,
): Promise<Ids> {
  const ids = new Map<string, string>();
  for (const { name, datacenter } of shape.datastores) {
    const folder = path.join(dataFolder, 'datastores', name);
    await mkdir(folder, { recursive: true });
    const datacenterId = idIn(datacenters, datacenter);
    const place = { datacenterId, type: 'VMFS', path: folder } as const;
    const id = await createDatastore(db, { name, ...place });
    // Marked as its hosts would, before there are files in it.
    await new Datastore({ id, name, type: 'VMFS', path: folder, options: {} }).mount();
    ids.set(name, id);
  }
  return ids;
}

interface HostPlaces {
  datacenters: Ids;
  clusters: Ids;
  datastores: Ids;
}

function seedHosts(
  { db, agents, sealer }: ShapeSeed,
  shape: LabShape,
  { datacenters, clusters, datastores }: HostPlaces,
): Promise<Ids> {
  const agentOf = new Map(agents.map((agent) => [agent.name, agent]));
  return transact(db, async (tx) => {
    const before = await tx.host.findMany({ select: { id: true, name: true } });
    if (before.length > 0) return new Map(before.map(({ id, name }) => [name, id]));
    const ids = await drawIds(
      tx,
      'host',
      shape.hosts.map(({ name }) => name),
    );
    await inParts(shape.hosts, (part) =>
      tx.host.createMany({
        data: part.map(({ name, datacenter, cluster }) => {
          const agent = agentOf.get(name);
          assert(agent, `the agent of ${name} was planned`);
          return {
            ...{ id: idIn(ids, name), name, datacenterId: idIn(datacenters, datacenter) },
            clusterId: cluster === null ? null : idIn(clusters, cluster),
            ...{ agentUrl: agent.url, agentToken: sealAgentToken(sealer, agent.token) },
          };
        }),
      }),
    );
    const mounts = shape.hosts.flatMap(({ name, datacenter }) =>
      shape.datastores
        .filter((datastore) => datastore.datacenter === datacenter)
        .map((datastore) => ({
          hostId: idIn(ids, name),
          datastoreId: idIn(datastores, datastore.name),
        })),
    );
    await inParts(mounts, (part) => tx.hostDatastore.createMany({ data: part }));
    for (const id of ids.values()) await recordChange(tx, { object: id, path: 'created' });
    return ids;
  });
}

async function seedVms(
  { db }: ShapeSeed,
  shape: LabShape,
  { hosts, datastores }: { hosts: Ids; datastores: Ids },
): Promise<void> {
  const { diskBytes, ...machine } = SHAPED_VM;
  const now = new Date();
  await transact(db, async (tx) => {
    if ((await tx.vm.count()) > 0) return;
    const ids = await drawIds(
      tx,
      'vm',
      shape.vms.map(({ name }) => name),
    );
    await inParts(shape.vms, (part) =>
      tx.vm.createMany({
        data: part.map(({ name, host, datastore }) => ({
          ...{ id: idIn(ids, name), name, instanceUuid: randomUuid(systemRandom), ...machine },
          ...{ hostId: idIn(hosts, host), datastoreId: idIn(datastores, datastore) },
          ...{ vmxPath: `${name}/${name}.vmx`, desiredPowerState: 'poweredOff' },
          // Its host need not be asked which files it has: they are made from this.
          layoutReadAt: now,
        })),
      }),
    );
    await inParts(shape.vms, (part) =>
      tx.disk.createMany({
        data: part.map(({ name, datastore }) => ({
          ...{ vmId: idIn(ids, name), key: FIRST_DISK_KEY, label: 'Hard disk 1', unit: 'scsi0:0' },
          ...{ datastoreId: idIn(datastores, datastore), path: `${name}/${name}.vmdk` },
          ...{ capacityBytes: BigInt(diskBytes), usedBytes: 0n },
        })),
      }),
    );
  });
}

/** Numbers for all of them with one statement; ids by name. */
async function drawIds(
  tx: DatabaseTransaction,
  kind: 'host' | 'vm',
  names: readonly string[],
): Promise<Ids> {
  const rows = await tx.$queryRaw<{ first: number }[]>`
    INSERT INTO "IdCounter" ("kind", "next") VALUES (${kind}, ${names.length + 1})
    ON CONFLICT ("kind") DO UPDATE SET "next" = "IdCounter"."next" + ${names.length}
    RETURNING "next" - ${names.length} AS first`;
  const [row] = rows;
  assert(row, 'the counter returns a row');
  return new Map(names.map((name, index) => [name, `${OBJECT_KINDS[kind]}${row.first + index}`]));
}

async function inParts<Value>(
  values: readonly Value[],
  work: (part: Value[]) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < values.length; from += ROWS_AT_ONCE) {
    await work(values.slice(from, from + ROWS_AT_ONCE));
  }
}

/** Those that are there are left as they are. */
async function makeAllFiles({ db }: ShapeSeed): Promise<void> {
  const stores = await db.datastore.findMany({ select: { id: true, path: true } });
  const pathOf = new Map(stores.map((store) => [store.id, store.path]));
  const resolve = async (datastoreId: string, file: string) =>
    path.join(idIn(pathOf, datastoreId), file);
  const waiting = await db.vm.findMany({ include: { disks: true } });
  const makeSome = async (): Promise<void> => {
    for (let vm = waiting.pop(); vm; vm = waiting.pop()) {
      await makeFiles({ vm: toRunSpec(vm), contents: [], random: systemRandom, resolve });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, makeSome));
}

/** By tasks that wait for the hosts. */
async function powerOn(db: Database, names: readonly string[]): Promise<void> {
  const caller = systemCaller('Sluice');
  const vms = await db.vm.findMany({ where: { name: { in: [...names] } }, select: { id: true } });
  for (const { id: vmId } of vms) {
    const known = await db.task.findFirst({ where: { targetId: vmId } });
    if (known) continue;
    const input = { vmId, contents: [], powerOn: true };
    await submit({ db, caller, operation: createVmFiles, input });
  }
}
