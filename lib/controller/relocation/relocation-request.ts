// What a host is asked to move where: only what is not there yet, under names that are free there.
import { changedDisks, type WantedPlace } from '../../rules/storage/relocation.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { VmRow } from '../vms/vm-store.ts';
import { findVmFacts } from '../vms/vm-store.ts';

interface Request {
  home: { datastoreId: string; vmxPath: string } | null;
  disks: {
    key: number;
    datastoreId: string;
    path: string;
    provisioning: WantedPlace['disks'][number]['provisioning'];
  }[];
}

export async function relocationRequest(
  db: DatabaseTransaction,
  vm: VmRow,
  place: WantedPlace,
): Promise<Request> {
  const facts = await findVmFacts(db, vm.id);
  const taken = await readTaken(db);
  const disks = changedDisks(facts, place).map(({ key, datastoreId, provisioning }) => {
    const now = vm.disks.find((disk) => disk.key === key);
    const path = freePath(taken, datastoreId, basePath(now?.path ?? `${vm.name}/${vm.name}.vmdk`));
    taken.add(`${datastoreId} ${path}`);
    return { key, datastoreId, path, provisioning };
  });
  const movesHome = place.homeDatastoreId !== vm.datastoreId;
  const home = { datastoreId: place.homeDatastoreId, vmxPath: vm.vmxPath };
  return { home: movesHome ? home : null, disks };
}

/** Without the number of a redo log: web01/web01.vmdk. */
function basePath(path: string): string {
  return path.replace(/-\d{6}\.vmdk$/, '.vmdk');
}

/** A disk that takes its space in another way is copied beside its old files. */
function freePath(taken: ReadonlySet<string>, datastoreId: string, path: string): string {
  if (!taken.has(`${datastoreId} ${path}`)) return path;
  const stem = path.replace(/\.vmdk$/, '');
  let number = 1;
  while (taken.has(`${datastoreId} ${stem}_${number}.vmdk`)) number += 1;
  return `${stem}_${number}.vmdk`;
}

async function readTaken(db: DatabaseTransaction): Promise<Set<string>> {
  const disks = await db.disk.findMany({ select: { datastoreId: true, path: true } });
  return new Set(disks.map(({ datastoreId, path }) => `${datastoreId} ${basePath(path)}`));
}
