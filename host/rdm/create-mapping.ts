// Makes a virtual disk that is a raw device mapping in virtual mode: the mapping file first, then
// the descriptor that names it.
import { basename, dirname, join } from 'node:path';
import type { Random } from '#lib/base/random.ts';
import type { VmdkDescriptor } from '#lib/formats/vmdk/descriptor.ts';
import { newDescriptor } from '#lib/formats/vmdk/new-descriptor.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import { writeDescriptor } from '../datastore/descriptor-file.ts';
import { mapRawDevice, type RawDeviceParts } from './raw-device.ts';

export interface NewMapping {
  /** `db01.vmdk`; the mapping file is `db01-rdm.vmdk` beside it. */
  descriptorPath: string;
  /** Path of a block device or file, or an NBD URI. */
  device: string;
  random: Random;
}

/** Returns the descriptor as written. Throws as `mapRawDevice` does. */
export async function createMapping(
  { descriptorPath, device, random }: NewMapping,
  parts: RawDeviceParts,
): Promise<VmdkDescriptor> {
  const fileName = `${basename(descriptorPath).replace(/\.vmdk$/, '')}-rdm.vmdk`;
  const bytes = await mapRawDevice(join(dirname(descriptorPath), fileName), device, parts);
  const sectors = bytes / SECTOR_BYTES;
  const plain = newDescriptor({ createType: 'vmfs', sectors, extentFileName: fileName, random });
  const ddb = new Map(plain.ddb);
  ddb.delete('thinProvisioned');
  const extents = plain.extents.map((extent) => ({ ...extent, type: 'VMFSRDM' as const }));
  const descriptor: VmdkDescriptor = { ...plain, createType: 'vmfsRawDeviceMap', extents, ddb };
  await writeDescriptor(descriptorPath, descriptor);
  return descriptor;
}
