// The nouns of the inventory. Ids look like managed object references: host-12, vm-34, domain-c7.
import { z } from 'zod';
import { diskFilterSchema } from './filter.ts';
import { acceptanceLevelSchema } from './vib.ts';

/** The root of the inventory; permissions on it with propagation hold everywhere. */
export const ROOT_FOLDER_ID = 'group-d1';

export const objectIdSchema = z
  .string()
  .regex(/^[a-z][a-z-]*[0-9]+$/)
  .max(40);

export const powerStateSchema = z.enum(['poweredOn', 'poweredOff', 'suspended']);
export type PowerState = z.infer<typeof powerStateSchema>;

/** HostSystemConnectionState of vim25. */
export const connectionStateSchema = z.enum(['connected', 'disconnected', 'notResponding']);
export type ConnectionState = z.infer<typeof connectionStateSchema>;

export const maintenanceStateSchema = z.enum(['normal', 'entering', 'inMaintenance']);
export type MaintenanceState = z.infer<typeof maintenanceStateSchema>;

export const drsBehaviorSchema = z.enum(['manual', 'partiallyAutomated', 'fullyAutomated']);
export type DrsBehavior = z.infer<typeof drsBehaviorSchema>;

export const datastoreTypeSchema = z.enum(['VMFS', 'NFS', 'vsan', 'VVOL']);
export type DatastoreType = z.infer<typeof datastoreTypeSchema>;

export const drsConfigSchema = z.object({
  enabled: z.boolean(),
  behavior: drsBehaviorSchema,
  /** 1 conservative (mandatory moves only) to 5 aggressive, as on the console's slider. */
  threshold: z.number().int().min(1).max(5),
});
export type DrsConfig = z.infer<typeof drsConfigSchema>;

/** One host's part of a cluster-wide filter operation. */
export const hostFilterStateSchema = z.enum([
  'pending',
  'downloading',
  'verifying',
  'unpacking',
  'installed',
  'removing',
  'failed',
]);
export type HostFilterState = z.infer<typeof hostFilterStateSchema>;

export const virtualDiskSchema = z.object({
  /** VirtualDevice.key: 2000, 2001, … */
  key: z.number().int(),
  label: z.string(),
  /** Controller address, `scsi0:0`; also the name of the NBD export. */
  unit: z.string().regex(/^scsi\d:\d{1,2}$/),
  datastoreId: objectIdSchema,
  /** Path of the descriptor inside the datastore: `web01/web01.vmdk`. */
  path: z.string(),
  capacityBytes: z.number().int().positive(),
  /** In call order, guest first. */
  filters: z.array(diskFilterSchema),
});
export type VirtualDisk = z.infer<typeof virtualDiskSchema>;

export const hostVersionSchema = z.enum([
  '6.0.0',
  '6.0.1',
  '6.0.2',
  '6.5.0',
  '6.7.0',
  '7.0.0',
  '8.0.0',
]);
export type HostVersion = z.infer<typeof hostVersionSchema>;

export const hostProductSchema = z.object({
  /** `6.0.1` is 6.0 Update 1, the first that supports I/O filters. */
  version: hostVersionSchema,
  build: z.string(),
  acceptanceLevel: acceptanceLevelSchema,
  cpuCores: z.number().int(),
  memoryMib: z.number().int(),
});
