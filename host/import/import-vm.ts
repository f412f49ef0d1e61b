// Makes a VM of disk images: each is fetched and converted inside the staging directory of the new
// VM, which is renamed into place when all of it is whole.
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Random, randomHex } from '#lib/base/random.ts';
import { IMAGE_HEAD_BYTES, inspectImage } from '#lib/formats/disk-image/inspect-image.ts';
import { FormatError } from '#lib/formats/format-error.ts';
import { Fault } from '#lib/model/fault.ts';
import type { VirtualDisk } from '#lib/model/inventory.ts';
import type { Transfer } from '#lib/model/transfer.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import type { ImageSource } from '#lib/wire/agent/import-rpc.ts';
import { createVmFiles, type VmFilesRequest } from '../datastore/create-vm.ts';
import type { DiskFiller } from '../datastore/make-vm-disk.ts';
import { type FetchRequest, fetchImage } from './fetch-image.ts';
import { convertImage } from './qemu-img.ts';

export interface ImportJob extends Pick<VmFilesRequest, 'objects' | 'resolve'> {
  vm: VmRunSpec;
  sources: readonly ImageSource[];
  clock: FetchRequest['clock'];
  random: Random;
  signal: AbortSignal;
  report(step: string, progress: number, transfer?: Transfer | null): void;
}

/** Share of a disk's progress that is fetching it, when it is converted after. */
const FETCHED = 0.5;

/** Returns warnings. Throws as `createVmFiles`, `fetchImage` and `convertImage` do. */
export async function importVm(job: ImportJob): Promise<string[]> {
  const { vm, sources, random, objects, resolve } = job;
  for (const { diskKey } of sources) {
    if (vm.disks.some(({ key }) => key === diskKey)) continue;
    throw new Fault('InvalidArgument', `${vm.name} has no disk with the key ${diskKey}.`);
  }
  const totalBytes = sources.reduce((sum, source) => sum + source.sizeBytes, 0);
  let doneBytes = 0;
  const fillers = new Map<number, DiskFiller>();
  for (const source of sources) {
    fillers.set(source.diskKey, async (place) => {
      const before = doneBytes;
      await fill(job, { ...place, source }, (share, step) => {
        const percent = (100 * (before + share * source.sizeBytes)) / totalBytes;
        job.report(`${step} ${place.disk.label}`, percent, {
          doneBytes: Math.round(share * source.sizeBytes),
          totalBytes: source.sizeBytes,
        });
      });
      doneBytes += source.sizeBytes;
      return [];
    });
  }
  const more = objects ? { objects } : {};
  return createVmFiles({ vm, contents: [], fillers, random, resolve, ...more });
}

interface FilledDisk {
  disk: VirtualDisk;
  path: string;
  scratch: string;
  source: ImageSource;
}

type ShowShare = (share: number, step: string) => void;

async function fill(job: ImportJob, filled: FilledDisk, show: ShowShare): Promise<void> {
  const { clock, signal } = job;
  const { source, path, scratch, disk } = filled;
  if (source.format === 'raw') {
    const onProgress = (done: number) => show(done / source.sizeBytes, 'Fetching');
    if (source.sizeBytes > disk.capacityBytes) throw otherThanAnnounced(disk);
    return fetchImage({ source, path, clock, signal, onProgress });
  }
  // A name that no earlier attempt knew: what such a one left running finds nothing to read.
  const image = join(scratch, `.image-${randomHex(job.random, 8)}`);
  try {
    const onFetch = (done: number) => show((FETCHED * done) / source.sizeBytes, 'Fetching');
    await fetchImage({ source, path: image, clock, signal, onProgress: onFetch });
    await checkHead(image, source, disk);
    await convertImage({
      ...{ source: image, format: source.format, target: path, clock, signal },
      capacityBytes: disk.capacityBytes,
      onProgress: (percent) => show(FETCHED + ((1 - FETCHED) * percent) / 100, 'Converting'),
    });
    await settle(path, disk.capacityBytes);
  } finally {
    await rm(image, { force: true });
  }
}

/** Our own look at it, before another program reads the file. */
async function checkHead(path: string, source: ImageSource, disk: VirtualDisk): Promise<void> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(IMAGE_HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const found = inspectImage(head.subarray(0, bytesRead), source.sizeBytes);
    const isSame = found.kind === 'image' && found.format === source.format;
    if (!isSame || found.capacityBytes !== disk.capacityBytes) throw otherThanAnnounced(disk);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const message = `The image of ${disk.label} is refused. ${error.message}`;
    throw new Fault('InvalidDiskFormat', message, { cause: error });
  } finally {
    await file.close();
  }
}

/** Exactly as long as the disk, and on stable storage. */
async function settle(path: string, capacityBytes: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(capacityBytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function otherThanAnnounced({ label }: VirtualDisk): Fault {
  return new Fault('InvalidDiskFormat', `The image of ${label} is not what was announced.`);
}
