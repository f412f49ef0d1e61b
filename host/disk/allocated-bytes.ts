// How much space the files of a disk take on their datastore.

import { isObjectName } from '#lib/formats/vmdk/descriptor.ts';
import { Fault } from '#lib/model/fault.ts';
import { readDescriptor } from '../datastore/descriptor-file.ts';
import { errnoOf } from '../datastore/errno.ts';
import type { DiskFiles } from './extent-file.ts';
import { descriptorFileNames } from './snapshot-files.ts';

export interface SpaceRequest {
  descriptorPath: string;
  files: DiskFiles;
}

/**
 * Space of a descriptor and its own extents, in bytes; not of its parents. Throws `FileNotFound`,
 * `InvalidDiskFormat` or `FileFault`.
 */
export async function allocatedBytes({ descriptorPath, files }: SpaceRequest): Promise<number> {
  const descriptor = await readDescriptor(descriptorPath, files);
  let bytes = 0;
  for (const path of descriptorFileNames(descriptorPath, descriptor)) {
    bytes += await bytesOf(path, files);
  }
  for (const { fileName } of descriptor.extents.filter((each) => isObjectName(each.fileName))) {
    bytes += (await files.objects?.allocatedBytes(fileName)) ?? 0;
  }
  return bytes;
}

async function bytesOf(path: string, files: DiskFiles): Promise<number> {
  const file = await files.open(path, 'read').catch((cause: unknown) => {
    const code = errnoOf(cause) ?? String(cause);
    const fault = code === 'ENOENT' ? 'FileNotFound' : 'FileFault';
    throw new Fault(fault, `The file ${path} cannot be opened: ${code}.`, { cause });
  });
  try {
    return await file.allocatedBytes();
  } finally {
    file.close();
  }
}
