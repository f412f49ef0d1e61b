// What a process needs to open disks that are no files: the datastores of its host, and which raw
// devices it may map. A part of a world's launch file.
import { z } from 'zod';
import { datastoreConfigSchema } from '../datastore/datastore-config.ts';
import { rawDevicePolicySchema } from '../rdm/device-policy.ts';

export const storageConfigSchema = z.object({
  datastores: z.array(datastoreConfigSchema).max(256),
  rawDevices: rawDevicePolicySchema,
});
export type StorageConfig = z.infer<typeof storageConfigSchema>;

export const NO_STORAGE: StorageConfig = { datastores: [], rawDevices: { allow: [] } };
