// The launch file of a world: everything that one VM's process needs to run, written by the host
// agent. Paths are absolute; the world reads nothing else of the host.
import { z } from 'zod';
import { filterPropertyValuesSchema } from '#lib/model/filter.ts';
import { filterClassSchema } from '#lib/model/filter-class-schema.ts';
import { DISKS_PER_VM_MAX, FILTERS_PER_DISK_MAX } from '#lib/model/limits.ts';
import { vmRunSpecSchema } from '#lib/wire/agent/host-rpc.ts';
import { storageConfigSchema } from '../volumes/storage-config.ts';

const absolutePathSchema = z.string().max(4096).startsWith('/');

/** A filter to run on a disk: what the policy asks for, and where the host's image has its code. */
const launchFilterSchema = z.object({
  name: z.string().min(1).max(64),
  class: filterClassSchema,
  /** Values from the policy; properties that are not named have the definition's defaults. */
  properties: filterPropertyValuesSchema,
  /** The ES module in the image. */
  entryPath: absolutePathSchema,
  /** SHA-256 of that file, hex. Other bytes are refused. */
  entrySha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where the lines to the filter's daemon connect, if its VIB brings one. */
  daemonSocketPath: absolutePathSchema.max(100).optional(),
});
export type LaunchFilter = z.infer<typeof launchFilterSchema>;

export const launchFiltersSchema = z.array(launchFilterSchema).max(FILTERS_PER_DISK_MAX);

export const launchDiskSchema = z.object({
  /** Key of the disk in `vm.disks`. */
  key: z.number().int(),
  /** The unit and the path in the datastore, where `vm.disks` does not have the disk yet. */
  unit: z.string().optional(),
  id: z.string().optional(),
  descriptorPath: absolutePathSchema,
  /** In call order, guest first. The descriptor may name no filter that is not here. */
  filters: launchFiltersSchema,
});
export type LaunchDisk = z.infer<typeof launchDiskSchema>;

export const worldLaunchSchema = z.object({
  vm: vmRunSpecSchema,
  /** Who holds the disks' locks. */
  owner: z.object({ hostUuid: z.string(), hostName: z.string() }),
  /** The host's virtual flash resource, if it has one: a folder, and what may be kept there. */
  flash: z
    .object({ directory: absolutePathSchema, capacityBytes: z.number().int().min(0) })
    .optional(),
  /** Where disks are that are no files, and which raw devices may be mapped. */
  storage: storageConfigSchema.optional(),
  /** One for each of `vm.disks`. */
  disks: z.array(launchDiskSchema).max(DISKS_PER_VM_MAX),
  /** Where the agent talks to the world. At most 100 bytes, as unix sockets want. */
  controlSocketPath: absolutePathSchema.max(100),
  /** Where NBD clients of this machine connect. */
  nbdSocketPath: absolutePathSchema.max(100),
  nbdHost: z.string().default('127.0.0.1'),
  /** 0 lets the system choose; the status then says which. */
  nbdPort: z.number().int().min(0).max(65535),
  /** The world appends its log here, one JSON object a line. */
  logPath: absolutePathSchema,
  /**
   * The world waits for another world to hand the VM over (lib/wire/agent: prepareIncoming). It
   * then takes its TCP port and the clients' connections from there, and opens no disk before that.
   */
  incoming: z.boolean().default(false),
  /**
   * Filters are lent copies of their I/Os, and complained of for more (host/chain/io-checker.ts).
   */
  checked: z.boolean().optional(),
  /** Some filter wants keys: no disk is opened before `putKeys` has brought them. */
  awaitsKeys: z.boolean().optional(),
  /** False for a VM that is off: the disks are opened for an operation, and no client is served. */
  serves: z.boolean().default(true),
  /**
   * The VM's .vmx: once the locks are taken it must still name these disks. A host that waited for
   * a lock while another took a snapshot would write to what is frozen now.
   */
  homePath: absolutePathSchema.optional(),
  /** Where a suspended VM's state is, if it has one: the world resumes from it. */
  statePath: absolutePathSchema.nullable().default(null),
});
export type WorldLaunch = z.infer<typeof worldLaunchSchema>;
