// The lab's datacenter, cluster, hosts, datastores and virtual machines, through the same functions
// that everything else goes through. Each of them finds what is there already.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { assert } from '#lib/base/assert.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { openAgentToken, sealAgentToken } from '#lib/controller/agents/agent-token.ts';
import { recordChange } from '#lib/controller/changes/record-change.ts';
import { transact } from '#lib/controller/changes/transact.ts';
import type { Database } from '#lib/controller/database/client.ts';
import {
  type DatastoreOptions,
  openOptions,
  sealOptions,
} from '#lib/controller/datastores/sealed-options.ts';
import { createCluster } from '#lib/controller/inventory/create-cluster.ts';
import { createDatacenter } from '#lib/controller/inventory/create-datacenter.ts';
import { createDatastore } from '#lib/controller/inventory/create-datastore.ts';
import { createVm } from '#lib/controller/inventory/create-vm.ts';
import { registerHost } from '#lib/controller/inventory/register-host.ts';
import { systemCaller } from '#lib/controller/permissions/caller.ts';
import { createSealer, isSealed, type Sealer } from '#lib/controller/secrets/sealer.ts';
import { Fault } from '#lib/model/fault.ts';
import { optionsDigest } from '#lib/wire/agent/options-digest.ts';
import {
  LAB_CLUSTER,
  LAB_DATACENTER,
  LAB_DATASTORES,
  LAB_HOSTS,
  LAB_VMS,
  LAB_VSAN_HOST_BYTES,
  type LabDatastore,
  type LabVm,
} from './lab.ts';
import type { SeedOptions } from './seed-options.ts';

const optionsSchema = z.record(z.string(), z.string());

/** Ids by name. */
type Ids = Map<string, string>;

/** Makes all of it. The files of the VMs follow as tasks of the controller. */
export async function seedInventory(db: Database, options: SeedOptions): Promise<void> {
  const datacenterId = await createDatacenter(db, { name: LAB_DATACENTER });
  const { name, drs } = LAB_CLUSTER;
  const clusterId = await createCluster(db, { name, datacenterId, drs });
  const datastores = await seedDatastores(db, datacenterId, options);
  const place = { datacenterId, clusterId, datastores };
  const hosts = await seedHosts(db, options, place);
  for (const vm of LAB_VMS) await seedVm(db, vm, { hosts, datastores });
}

/** Writes where each agent listens now, and the token that it knows its controller by. */
export async function updateHostAddresses(
  db: Database,
  { hosts, secretFile }: Pick<SeedOptions, 'hosts' | 'secretFile'>,
): Promise<void> {
  const sealer = sealerOf({ secretFile });
  const agentOf = new Map(hosts.map((agent) => [agent.name, agent]));
  const known = await db.host.findMany({
    where: { name: { in: [...agentOf.keys()] } },
    select: { id: true, name: true, agentUrl: true, agentToken: true },
  });
  for (const host of known) {
    const agent = agentOf.get(host.name);
    if (!agent) continue;
    const { url: agentUrl, token } = agent;
    if (host.agentUrl === agentUrl && isKnown(sealer, host.agentToken, token)) continue;
    await transact(db, async (tx) => {
      const agentToken = sealAgentToken(sealer, token);
      await tx.host.update({ where: { id: host.id }, data: { agentUrl, agentToken } });
      await recordChange(tx, { object: host.id, path: 'agentUrl' });
    });
  }
}

function isKnown(sealer: Sealer, sealed: string, token: string): boolean {
  return isSealed(sealed) && openAgentToken(sealer, sealed) === token;
}

/** Writes where the storage provider listens now, and the token that it knows its hosts by. */
export async function updateProvider(db: Database, options: SeedOptions): Promise<void> {
  const sealer = sealerOf(options);
  const wanted = providerOptions(options);
  await transact(db, async (tx) => {
    const ours = LAB_DATASTORES.filter(({ type }) => type === 'VVOL');
    // By its path: it may have been given another name.
    const paths = ours.map(({ name }) => datastorePath(options, name));
    const found = await tx.datastore.findMany({ where: { path: { in: paths }, type: 'VVOL' } });
    for (const { id, options: known } of found) {
      if (isSame(sealer, optionsSchema.parse(known), wanted)) continue;
      await tx.datastore.update({ where: { id }, data: { options: sealOptions(sealer, wanted) } });
      await recordChange(tx, { object: id, path: 'options' });
    }
  });
}

async function seedDatastores(
  db: Database,
  datacenterId: string,
  options: SeedOptions,
): Promise<Ids> {
  const ids: Ids = new Map();
  for (const datastore of LAB_DATASTORES) {
    const { name, type } = datastore;
    const folder = datastorePath(options, name);
    mkdirSync(folder, { recursive: true });
    const more = sealOptions(sealerOf(options), optionsOf(datastore, options));
    const place = { datacenterId, path: folder };
    ids.set(name, await createDatastore(db, { name, type, ...place, options: more }));
  }
  return ids;
}

function datastorePath({ dataFolder }: SeedOptions, name: string): string {
  return path.join(dataFolder, 'datastores', name);
}

function isSame(sealer: Sealer, sealed: DatastoreOptions, wanted: DatastoreOptions): boolean {
  try {
    return optionsDigest(openOptions(sealer, sealed)) === optionsDigest(wanted);
  } catch (error) {
    // Sealed under a secret file that was replaced: it is sealed anew.
    if (error instanceof Fault) return false;
    throw error;
  }
}

function optionsOf({ name, type, hosts }: LabDatastore, options: SeedOptions) {
  if (type === 'VVOL') return providerOptions(options);
  if (type !== 'vsan') return {};
  const directories = hosts.map((host) => {
    const disk = path.join(options.dataFolder, 'local-disks', host, name);
    return [`directory.${host}`, disk] as const;
  });
  return { capacityBytes: String(LAB_VSAN_HOST_BYTES), ...Object.fromEntries(directories) };
}

function providerOptions({ provider }: SeedOptions) {
  return { provider: provider.url, token: provider.token };
}

function sealerOf({ secretFile }: Pick<SeedOptions, 'secretFile'>) {
  return createSealer(readFileSync(secretFile), systemRandom);
}

async function seedHosts(
  db: Database,
  options: SeedOptions,
  place: { datacenterId: string; clusterId: string; datastores: Ids },
): Promise<Ids> {
  const clustered: readonly string[] = LAB_CLUSTER.hosts;
  const sealer = sealerOf(options);
  const ids: Ids = new Map();
  for (const { name } of LAB_HOSTS) {
    const agent = options.hosts.find((candidate) => candidate.name === name);
    assert(agent, `the agent of ${name} was started`);
    const agentToken = sealAgentToken(sealer, agent.token);
    const host = { name, agentUrl: agent.url, agentToken };
    const { datacenterId } = place;
    const clusterId = clustered.includes(name) ? place.clusterId : null;
    const mounted = LAB_DATASTORES.filter(({ hosts }) => hosts.includes(name));
    const datastoreIds = mounted.flatMap((datastore) => place.datastores.get(datastore.name) ?? []);
    ids.set(name, await registerHost(db, { datacenterId, ...host, clusterId, datastoreIds }));
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
