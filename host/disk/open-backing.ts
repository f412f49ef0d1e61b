// Opens what a descriptor stands for: its extents, whatever they are, on those of all its parents.
import { dirname, join } from 'node:path';
import { assert } from '#lib/base/assert.ts';
import type { Clock } from '#lib/base/clock.ts';
import {
  capacitySectors,
  isObjectName,
  type VmdkDescriptor,
  type VmdkExtent,
} from '#lib/formats/vmdk/descriptor.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { physicalModeFault } from '../rdm/physical-mode.ts';
import type { Backing } from './backing.ts';
import type { DiskFiles } from './extent-file.ts';
import { invalidDisk, openExtentFile, requireAccess } from './files/extent-table.ts';
import { FlatDisk, isFlatFile } from './flat-disk.ts';
import { JoinedBacking } from './layers/joined-backing.ts';
import { type DescribedLayer, readChain } from './layers/read-chain.ts';
import { ZeroExtent } from './layers/zero-extent.ts';
import type { OpenRemote } from './object-store.ts';
import { RedoLog } from './redo-log.ts';
import { HostedSparse } from './sparse/hosted-sparse.ts';

export interface OpenBackingRequest {
  descriptorPath: string;
  clock: Clock;
  files: DiskFiles;
  /** Nothing will be written; also files that may only be read can be opened. */
  readOnly?: boolean;
  openRemote?: OpenRemote;
  /** Whether the lock of the disk is held; asked before each change of a file. */
  mayWrite?: () => boolean;
  /** As ChainRequest says. */
  roots?: readonly string[];
}

export interface ChainLayer extends DescribedLayer {
  backing: Backing;
}

/** An open disk: its layers from the running one to the base. Closing the first closes all. */
export interface BackingChain {
  top: Backing;
  layers: ChainLayer[];
}

/**
 * Opens a disk with all its parents. Throws `InvalidDiskFormat`, `FileNotFound`, `FileFault`, and
 * what the opener of remote extents throws.
 */
export async function openBacking(request: OpenBackingRequest): Promise<Backing> {
  return (await openChain(request)).top;
}

/** As `openBacking`, and says which layers there are. */
export async function openChain(request: OpenBackingRequest): Promise<BackingChain> {
  const described = await readChain(request);
  requireWritable(request, described[0]);
  const layers: ChainLayer[] = [];
  let top: Backing | null = null;
  try {
    for (const layer of described.toReversed()) {
      top = await openLayer({ ...request, ...layer, parent: top });
      layers.unshift({ ...layer, backing: top });
    }
  } catch (thrown) {
    await top?.close();
    throw thrown;
  }
  assert(top !== null, 'a chain has at least the descriptor that was asked for');
  return { top, layers };
}

/** A sparse disk of another product is only read, so it cannot be what a VM runs on. */
function requireWritable({ readOnly }: OpenBackingRequest, top: DescribedLayer | undefined): void {
  if (readOnly || !top?.descriptor.extents.some(({ type }) => type === 'SPARSE')) return;
  const message = 'Sparse disks are only read. Copy it, or take a snapshot, and use that.';
  throw invalidDisk(top.descriptorPath, message);
}

interface LayerRequest extends OpenBackingRequest {
  descriptor: VmdkDescriptor;
  parent: Backing | null;
}

/** On a throw the parent stays open. */
async function openLayer(request: LayerRequest): Promise<Backing> {
  const { descriptorPath, descriptor, parent } = request;
  const { extents, createType } = descriptor;
  if (createType === 'vmfsPassthroughRawDeviceMap') throw physicalModeFault(descriptorPath);
  const [first] = extents;
  if (first?.type === 'VMFSSPARSE') {
    if (extents.length > 1) throw invalidDisk(descriptorPath, 'Its redo log has several extents.');
    return openRedoLog(request, first);
  }
  if (parent !== null && first?.type !== 'SPARSE') {
    throw invalidDisk(descriptorPath, 'It has a parent, but its extents hold all of the disk.');
  }
  const parts: Backing[] = [];
  try {
    for (const group of groupExtents(extents)) {
      const shift = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
      parts.push(await openPart(request, group, shift));
    }
  } catch (thrown) {
    for (const part of parts) await part.close();
    throw thrown;
  }
  const [only] = parts;
  const disk = parts.length === 1 && only !== undefined ? only : new JoinedBacking(parts);
  return parent === null ? disk : withParent(disk, parent);
}

async function openRedoLog(request: LayerRequest, extent: VmdkExtent): Promise<Backing> {
  const { descriptorPath, parent, clock, files, readOnly = false } = request;
  requireAccess({ descriptorPath, readOnly }, extent.access, extent.fileName);
  const sizeBytes = extent.sectors * SECTOR_BYTES;
  const file = await openExtentFile({ ...request, files, fileName: extent.fileName, readOnly });
  try {
    const below = parent ?? new ZeroExtent(sizeBytes);
    return await RedoLog.open({ file, parent: below, clock, readOnly });
  } catch (thrown) {
    file.close();
    throw thrown;
  }
}

/** Flat files in a row are one part, so that the usual disk is one and nothing stands before it. */
function groupExtents(extents: readonly VmdkExtent[]): VmdkExtent[][] {
  const groups: VmdkExtent[][] = [];
  for (const extent of extents) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && isFlatFile(last[0]) && isFlatFile(extent)) last.push(extent);
    else groups.push([extent]);
  }
  return groups;
}

async function openPart(
  request: LayerRequest,
  group: VmdkExtent[],
  shift: number,
): Promise<Backing> {
  const { descriptorPath, clock, files, readOnly = false, mayWrite } = request;
  const [extent] = group;
  if (extent === undefined) throw invalidDisk(descriptorPath, 'It has no extents.');
  if (isFlatFile(extent)) {
    const extents = { descriptorPath, extents: group, files, readOnly, mayWrite };
    return FlatDisk.openExtents(extents, clock);
  }
  const sizeBytes = extent.sectors * SECTOR_BYTES;
  if (extent.type === 'ZERO') return new ZeroExtent(sizeBytes);
  if (extent.type === 'SPARSE') return openSparse(request, extent, shift);
  requireAccess({ descriptorPath, readOnly }, extent.access, extent.fileName);
  return openRemote(request, extent);
}

async function openSparse(
  request: LayerRequest,
  { fileName, sectors }: VmdkExtent,
  shift: number,
): Promise<Backing> {
  const { parent, descriptor } = request;
  const file = await openExtentFile({ ...request, fileName, readOnly: true });
  try {
    const below = parent ?? new ZeroExtent(capacitySectors(descriptor) * SECTOR_BYTES);
    const sizeBytes = sectors * SECTOR_BYTES;
    return await HostedSparse.open({ file, parent: below, parentShift: shift, sizeBytes });
  } catch (thrown) {
    file.close();
    throw thrown;
  }
}

async function openRemote(
  { descriptorPath, files, openRemote: open = files.objects?.open, readOnly = false }: LayerRequest,
  { type, fileName, sectors }: VmdkExtent,
): Promise<Backing> {
  if (open === undefined) {
    throw invalidDisk(descriptorPath, `The extent ${fileName} cannot be opened here.`);
  }
  const sizeBytes = sectors * SECTOR_BYTES;
  const isMapping = type === 'VMFSRDM' && !isObjectName(fileName);
  const kind = isMapping ? 'rdm' : fileName.startsWith('vsan:') ? 'vsan' : 'vvol';
  const name = isMapping ? join(dirname(descriptorPath), fileName) : fileName;
  const backing = await open({ kind, name, sizeBytes, readOnly });
  if (backing.sizeBytes === sizeBytes) return backing;
  await backing.close();
  const message = `${fileName} has ${backing.sizeBytes} bytes, the descriptor says ${sizeBytes}.`;
  throw invalidDisk(descriptorPath, message);
}

/** Lets a disk that reads its parent close it with itself. */
function withParent(disk: Backing, parent: Backing): Backing {
  return {
    sizeBytes: disk.sizeBytes,
    submit: (io) => disk.submit(io),
    blockStatus: (offset, length) => disk.blockStatus(offset, length),
    flush: () => disk.flush(),
    close: async () => {
      await disk.close();
      await parent.close();
    },
  };
}
