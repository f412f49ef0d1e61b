// Mount datastore on a host, unmount it there, and Remove datastore, from the inventory alone: its
// files stay.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import {
  type DatastoreUser,
  judgeDeleteDatastore,
  judgeMount,
  judgeUnmount,
} from '../../rules/storage/datastores.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { requireDatastore } from '../disks/add-disk.ts';
import { findHostFacts } from '../hosts/host-store.ts';
import { defineOperation } from '../tasks/operation.ts';

const mountInputSchema = z.object({ datastoreId: objectIdSchema, hostId: objectIdSchema });
export type MountInput = z.infer<typeof mountInputSchema>;

export const mountDatastore = defineOperation({
  key: 'host.StorageSystem.mountVmfsVolume',
  label: 'Mount datastore',
  input: mountInputSchema,
  cancelable: true,
  observe: observeMount,
  privileges: (_, { hostId }) => [{ privilege: 'Host.Config.Storage', objectId: hostId }],
  judge: ({ datastore, host }) => judgeMount(datastore, host),
});

export const unmountDatastore = defineOperation({
  key: 'host.StorageSystem.unmountVmfsVolume',
  label: 'Unmount datastore',
  input: mountInputSchema,
  cancelable: false,
  observe: observeMount,
  privileges: (_, { hostId }) => [{ privilege: 'Host.Config.Storage', objectId: hostId }],
  judge: ({ datastore, host, users }) => judgeUnmount(datastore, host, users),
});

const deleteDatastoreInputSchema = z.object({ datastoreId: objectIdSchema });
export type DeleteDatastoreInput = z.infer<typeof deleteDatastoreInputSchema>;

export const deleteDatastore = defineOperation({
  key: 'Datastore.destroy',
  label: 'Remove datastore',
  input: deleteDatastoreInputSchema,
  cancelable: false,
  async observe(tx, { datastoreId }) {
    const datastore = await requireDatastore(tx, datastoreId);
    return { target: datastore, datastore, users: await readDatastoreUsers(tx, datastoreId) };
  },
  privileges: (_, { datastoreId }) => [{ privilege: 'Datastore.Delete', objectId: datastoreId }],
  judge: ({ datastore, users }) => judgeDeleteDatastore(datastore, users),
});

async function observeMount(tx: DatabaseTransaction, { datastoreId, hostId }: MountInput) {
  const datastore = await requireDatastore(tx, datastoreId);
  const host = await findHostFacts(tx, hostId);
  const users = await readDatastoreUsers(tx, datastoreId);
  return { target: datastore, datastore, host, users };
}

/** VMs whose home, disks or snapshots are on the datastore, by name. */
export async function readDatastoreUsers(
  tx: DatabaseTransaction,
  datastoreId: string,
): Promise<DatastoreUser[]> {
  return tx.$queryRaw<DatastoreUser[]>`
    SELECT "id", "name", "hostId" FROM "Vm" v
    WHERE v."datastoreId" = ${datastoreId}
      OR EXISTS (
        SELECT 1 FROM "Disk" d WHERE d."vmId" = v."id" AND d."datastoreId" = ${datastoreId})
      OR EXISTS (
        SELECT 1 FROM "Snapshot" s WHERE s."vmId" = v."id"
        AND s."disks" @> jsonb_build_array(jsonb_build_object('datastoreId', ${datastoreId}::text)))
    ORDER BY "name"`;
}
