// What the disks of a VM take on their datastores, and what they are made of: their own files, with
// those that snapshots have frozen, and not those of a VM that they are linked to.
import type { VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import type { DiskBacking, Provisioning } from '#lib/model/disk-storage.ts';
import type { VmLayout } from '#lib/wire/agent/disk-rpc.ts';
import { readDescriptor } from '../../../datastore/descriptor-file.ts';
import type { DatastorePaths } from '../../../datastore/vm-home.ts';
import { allocatedBytes } from '../../../disk/allocated-bytes.ts';
import type { DiskFiles } from '../../../disk/extent-file.ts';
import { chainOf, isOwn, readDiskTree } from './disk-tree.ts';

type Storage = NonNullable<VmLayout['storage']>;

/** Throws `FileNotFound`, `InvalidDiskFormat` or `FileFault`. */
export async function readDiskStorage(
  layout: VmLayout,
  { datastores: paths, files }: { datastores: DatastorePaths; files: DiskFiles },
): Promise<Storage> {
  const tree = await readDiskTree(layout, paths, files);
  const storage: Storage = [];
  for (const [key, running] of tree.running) {
    const frozen = [...tree.frozen].filter(([, at]) => at === key).map(([path]) => path);
    const needed = new Set<string>();
    for (const head of [running, ...frozen]) {
      for (const path of await chainOf(head, files)) needed.add(path);
    }
    let usedBytes = 0;
    for (const descriptorPath of [...needed].filter((path) => isOwn(tree, path))) {
      usedBytes += await allocatedBytes({ descriptorPath, files });
    }
    const base = (await chainOf(running, files)).at(-1) ?? running;
    const descriptor = await readDescriptor(base, files);
    const backing = running === base ? backingOf(descriptor) : 'delta';
    const provisioning = provisioningOf(descriptor);
    const objectId = objectIdOf(descriptor);
    storage.push({ key, backing, provisioning, usedBytes, health: '', objectId });
  }
  return storage;
}

function backingOf({ extents }: VmdkDescriptor): DiskBacking {
  const [first] = extents;
  if (!first) return 'flat';
  if (first.fileName.startsWith('vsan://')) return 'vsan';
  if (first.fileName.startsWith('vvol://')) return 'vvol';
  return first.type === 'VMFSRDM' ? 'rdm' : 'flat';
}

/** As in `vsan://datastore-11/<uuid>`. */
function objectIdOf({ extents }: VmdkDescriptor): string | null {
  const name = extents[0]?.fileName ?? '';
  return /^v(?:san|vol):\/\/[^/]+\/(.+)$/.exec(name)?.[1] ?? null;
}

/** A thick disk does not say whether it was filled with zeroes. */
function provisioningOf({ ddb }: VmdkDescriptor): Provisioning {
  return ddb.get('thinProvisioned') === '1' ? 'thin' : 'thick';
}
