// Create datastore: a row, and a mount on each of the hosts that shall reach it.
import type { z } from 'zod';
import { assert } from '../../base/assert.ts';
import { Fault } from '../../model/fault.ts';
import type { DatastoreType } from '../../model/inventory.ts';
import { judgeCreateDatastore } from '../../rules/storage/datastores.ts';
import { createDatastoreSchema } from '../../wire/api/datastores.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readHostFacts } from '../inventory/read-facts.ts';
import { defineOperation } from '../tasks/operation.ts';
import { areSealed } from './sealed-options.ts';

export type CreateDatastoreInput = z.infer<typeof createDatastoreSchema>;

/** How the task shows, by type of datastore. */
export const CREATE_DATASTORE_TASKS: Record<DatastoreType, { key: string; label: string }> = {
  VMFS: { key: 'host.DatastoreSystem.createVmfsDatastore', label: 'Create VMFS datastore' },
  NFS: { key: 'host.DatastoreSystem.createNasDatastore', label: 'Create NAS datastore' },
  VVOL: {
    key: 'host.DatastoreSystem.createVvolDatastore',
    label: 'Create Virtual Volume datastore',
  },
  vsan: { key: 'host.DatastoreSystem.createLocalDatastore', label: 'Create vSAN datastore' },
};

export const createDatastore = defineOperation({
  ...CREATE_DATASTORE_TASKS.VMFS,
  input: createDatastoreSchema,
  cancelable: true,
  async observe(tx, { datacenterId, hostIds, name, path }) {
    const datacenter = await findDatacenter(tx, datacenterId);
    const hosts = await readHostFacts(tx, { id: { in: hostIds }, datacenterId });
    const missing = hostIds.find((id) => !hosts.some((host) => host.id === id));
    if (missing) throw new Fault('NotFound', `${datacenter.name} has no host ${missing}.`);
    const others = await tx.datastore.findMany({
      where: { OR: [{ name }, { path }] },
      select: { id: true, name: true, path: true },
    });
    return { target: datacenter, hosts, others };
  },
  privileges: ({ target, hosts }) => [
    { privilege: 'Datastore.AllocateSpace', objectId: target.id },
    ...hosts.map(({ id }) => ({ privilege: 'Host.Config.Storage' as const, objectId: id })),
  ],
  judge({ hosts, others }, { name, path, type, options }) {
    assert(areSealed(options), 'a task holds no secret in plain text');
    return judgeCreateDatastore({ name, path, type, options, hosts, others });
  },
});

async function findDatacenter(tx: DatabaseTransaction, id: string) {
  const datacenter = await tx.datacenter.findUnique({ where: { id } });
  if (!datacenter) throw new Fault('NotFound', `There is no datacenter ${id}.`);
  return { id: datacenter.id, name: datacenter.name };
}
