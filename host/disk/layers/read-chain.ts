// Reads the descriptors of a virtual disk and of its parents, and checks that they belong together.
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { capacitySectors, type VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import { SNAPSHOT_DEPTH_MAX } from '#lib/model/limits.ts';
import { DATASTORE_MARKER } from '../../datastore/datastore.ts';
import { readDescriptor } from '../../datastore/descriptor-file.ts';
import { type SmallFiles, systemFiles } from '../../datastore/small-files.ts';
import { invalidDisk } from '../files/extent-table.ts';

export interface DescribedLayer {
  descriptorPath: string;
  descriptor: VmdkDescriptor;
}

export interface ChainRequest {
  descriptorPath: string;
  files?: SmallFiles;
  /**
   * Absolute directories in which parents may be; without it, the directory of the disk, those
   * beside it, which are the other virtual machines of its datastore, and any datastore.
   */
  roots?: readonly string[];
}

/**
 * The descriptors of a disk, from the one named to the base. Throws `InvalidDiskFormat` for a loop,
 * too many redo logs, a parent that has changed, is of another size or lies elsewhere;
 * `FileNotFound` for a missing parent.
 */
export async function readChain(request: ChainRequest): Promise<DescribedLayer[]> {
  const { descriptorPath, files } = request;
  const layers: DescribedLayer[] = [];
  let path: string | null = descriptorPath;
  while (path !== null) {
    if (layers.some((layer) => layer.descriptorPath === path)) {
      throw invalidDisk(descriptorPath, 'Its parents go round in a circle.');
    }
    if (layers.length > SNAPSHOT_DEPTH_MAX) {
      throw invalidDisk(descriptorPath, `It has more than ${SNAPSHOT_DEPTH_MAX} redo logs.`);
    }
    if (layers.length > 0 && !(await mayBeParent(request, path))) {
      throw invalidDisk(descriptorPath, `Its parent ${path} lies outside of the datastore.`);
    }
    const descriptor = await readParent(layers.at(-1), path, files);
    layers.push({ descriptorPath: path, descriptor });
    path = parentPath(path, descriptor);
  }
  return layers;
}

/** Where the parent's descriptor is; null without a parent. Throws `InvalidDiskFormat`. */
function parentPath(
  descriptorPath: string,
  { parentFileNameHint: hint }: VmdkDescriptor,
): string | null {
  if (hint === null) return null;
  if (!hint.endsWith('.vmdk')) {
    throw invalidDisk(descriptorPath, `Its parent "${hint}" is no virtual disk.`);
  }
  return isAbsolute(hint) ? resolve(hint) : resolve(dirname(descriptorPath), hint);
}

async function mayBeParent(request: ChainRequest, path: string): Promise<boolean> {
  const { descriptorPath, files = systemFiles, roots } = request;
  if (roots !== undefined) return roots.some((root) => isInside(root, path));
  return isInside(dirname(dirname(descriptorPath)), path) || isInDatastore(path, files);
}

/** Whether a directory above is marked as a datastore. */
async function isInDatastore(path: string, files: SmallFiles): Promise<boolean> {
  for (let directory = dirname(path); directory !== dirname(directory); ) {
    const marker = join(directory, DATASTORE_MARKER);
    // What cannot be read marks nothing.
    const bytes = await files.read(marker, 1).catch(() => new Uint8Array());
    if (bytes.length > 0) return true;
    directory = dirname(directory);
  }
  return false;
}

function isInside(root: string, path: string): boolean {
  return path.startsWith(root.endsWith('/') ? root : `${root}/`);
}

async function readParent(
  child: DescribedLayer | undefined,
  path: string,
  files: SmallFiles | undefined,
): Promise<VmdkDescriptor> {
  const descriptor = await readDescriptor(path, files).catch((error: unknown) => {
    if (child === undefined || !(error instanceof Fault)) throw error;
    const message = `The parent of ${child.descriptorPath} cannot be opened: ${error.message}`;
    throw new Fault(error.fault, message, { cause: error });
  });
  if (child === undefined) return descriptor;
  const name = basename(path);
  if (child.descriptor.parentCid !== descriptor.cid) {
    const message = `Its parent ${name} was changed after the snapshot (parentCID differs).`;
    throw invalidDisk(child.descriptorPath, message);
  }
  if (capacitySectors(child.descriptor) !== capacitySectors(descriptor)) {
    throw invalidDisk(child.descriptorPath, `Its parent ${name} has another size.`);
  }
  return descriptor;
}
