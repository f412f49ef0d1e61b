// Writes what a host reports of itself: product, image (VIBs), datastores. Only differences are
// written.

import { filterId } from '../../model/filter.ts';
import type { HostReport, InstalledVib } from '../../wire/agent/host-rpc.ts';
import type { ChangeInput } from '../changes/record-change.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Host, HostVib } from '../database/generated/client.ts';

/** Free space that changed by less than this share is not worth a change. */
const FREE_SHARE = 0.001;

export async function applyProduct(
  tx: DatabaseTransaction,
  host: Host,
  { hostUuid, product }: HostReport,
): Promise<ChangeInput[]> {
  const data = { hostUuid, ...product };
  const same =
    host.hostUuid === hostUuid &&
    host.version === product.version &&
    host.build === product.build &&
    host.acceptanceLevel === product.acceptanceLevel &&
    host.cpuCores === product.cpuCores &&
    host.memoryMib === product.memoryMib;
  if (same) return [];
  await tx.host.update({ where: { id: host.id }, data });
  return [{ object: host.id, path: 'product' }];
}

export async function applyVibs(
  tx: DatabaseTransaction,
  host: Host,
  vibs: readonly InstalledVib[],
): Promise<ChangeInput[]> {
  const rows = vibs.map((vib) => toRow(host.id, vib));
  const known = await tx.hostVib.findMany({ where: { hostId: host.id } });
  if (signature(rows) === signature(known)) return [];
  await tx.hostVib.deleteMany({ where: { hostId: host.id } });
  await tx.hostVib.createMany({ data: rows });
  const changes: ChangeInput[] = [{ object: host.id, path: 'vibs' }];
  if (host.clusterId !== null) changes.push({ object: host.clusterId, path: 'filters' });
  return changes;
}

function toRow(hostId: string, { id, descriptor, filter, installedAt }: InstalledVib): HostVib {
  const { name, vendor, version } = descriptor;
  return {
    hostId,
    vibId: id,
    name,
    vendor,
    version,
    filterId: filter ? filterId({ vendor, name: filter.name, version }) : null,
    filterName: filter?.name ?? null,
    filterClass: filter?.class ?? null,
    available: true,
    installedAt: new Date(installedAt),
  };
}

function signature(rows: HostVib[]): string {
  const keys = rows.map((row) => `${row.vibId} ${row.filterId} ${row.installedAt.getTime()}`);
  return keys.sort().join('\n');
}

export async function applyDatastores(
  tx: DatabaseTransaction,
  host: Host,
  datastores: HostReport['datastores'],
): Promise<ChangeInput[]> {
  const mounts = await tx.hostDatastore.findMany({
    where: { hostId: host.id },
    include: { datastore: true },
  });
  const changes: ChangeInput[] = [];
  for (const { datastore, ...mount } of mounts) {
    const found = datastores.find(({ id }) => id === datastore.id);
    const accessible = found?.accessible ?? false;
    const message = found ? found.message : 'The host has not mounted it.';
    if (accessible !== mount.accessible || message !== mount.message) {
      const { hostId, datastoreId } = mount;
      const where = { hostId_datastoreId: { hostId, datastoreId } };
      await tx.hostDatastore.update({ where, data: { accessible, message } });
      changes.push(
        { object: host.id, path: 'datastores' },
        { object: datastore.id, path: 'hosts' },
      );
    }
    if (!found?.accessible) continue;
    const { capacityBytes, freeBytes } = found;
    const moved = Math.abs(Number(datastore.freeBytes) - freeBytes);
    const sameSize = Number(datastore.capacityBytes) === Math.trunc(capacityBytes);
    if (sameSize && moved <= capacityBytes * FREE_SHARE) continue;
    const data = {
      capacityBytes: BigInt(Math.trunc(capacityBytes)),
      freeBytes: BigInt(Math.trunc(freeBytes)),
    };
    await tx.datastore.update({ where: { id: datastore.id }, data });
    changes.push({ object: datastore.id, path: 'freeBytes' });
  }
  return changes;
}
