// The calls of a host agent. All that change something carry an operation key (the task's id and
// step): a repeated call with the same key joins the running operation, or answers again what it
// answered, so that a controller that died may simply ask once more.
import { z } from 'zod';
import { diskFilterSchema } from '../../model/filter.ts';
import {
  datastoreTypeSchema,
  hostProductSchema,
  objectIdSchema,
  powerStateSchema,
  virtualDiskSchema,
} from '../../model/inventory.ts';
import { ioTraceEntrySchema, vmSampleSchema } from '../../model/io.ts';
import { eventSeveritySchema, faultRecordSchema } from '../../model/task.ts';
import { transferSchema } from '../../model/transfer.ts';
import { acceptanceLevelSchema, vibInspectionSchema } from '../../model/vib.ts';
import { vmTroubleSchema } from '../../model/vm-trouble.ts';
import { workloadSchema, workloadStatusSchema } from '../../model/workload.ts';
import { defineRpc } from './rpc.ts';

/** What a call that changes something carries. */
export const keyed = z.object({ operationKey: z.string().min(1).max(120) });
export const done = z.object({});

/**
 * What a host must run for a VM; the host keeps it, so that it can start the VM again without the
 * controller.
 */
export const vmRunSpecSchema = z.object({
  vmId: objectIdSchema,
  name: z.string().min(1).max(80),
  instanceUuid: z.uuid(),
  cpuCount: z.number().int().min(1),
  memoryMib: z.number().int().min(1),
  /** Datastore and path of the .vmx file. */
  datastoreId: objectIdSchema,
  vmxPath: z.string(),
  disks: z.array(virtualDiskSchema).max(64),
  /**
   * TCP port of the VM's NBD server on the host's address; 0 lets the host choose, and keep, a free
   * one.
   */
  nbdPort: z.number().int().min(0).max(65535),
});
export type VmRunSpec = z.infer<typeof vmRunSpecSchema>;

export const worldReportSchema = z.object({
  vmId: objectIdSchema,
  powerState: powerStateSchema,
  /**
   * `faulted`: the world ended by itself and is being restarted, or was given up; `message` says
   * why.
   */
  state: z.enum([
    'starting',
    'running',
    'migratingIn',
    'migratingOut',
    'stopping',
    'faulted',
    'off',
  ]),
  message: z.string(),
  /** What is wrong with it, for programs; `message` says it to people. Null when nothing is. */
  trouble: vmTroubleSchema.nullable().default(null),
  pid: z.number().int().nullable(),
  nbdPort: z.number().int(),
  nbdSocketPath: z.string(),
  /** Filters as the world really runs them, per disk. */
  disks: z.array(
    z.object({
      key: z.number().int(),
      filters: z.array(diskFilterSchema),
      connections: z.number().int(),
    }),
  ),
});
export type WorldReport = z.infer<typeof worldReportSchema>;

export const hostOperationSchema = z.object({
  operationKey: z.string(),
  kind: z.string(),
  /** 0 to 100. */
  progress: z.number().int().min(0).max(100),
  /** What it is doing: downloading, verifying, unpacking, … */
  step: z.string(),
  state: z.enum(['running', 'success', 'error']),
  /** Of the copy under way; null when nothing is copied. */
  transfer: transferSchema.nullable().default(null),
  fault: faultRecordSchema.nullable(),
});
export type HostOperation = z.infer<typeof hostOperationSchema>;

export const installedVibSchema = vibInspectionSchema.extend({ installedAt: z.number() });
export type InstalledVib = z.infer<typeof installedVibSchema>;

export const hostEventSchema = z.object({
  /**
   * Grows by one; with `bootId` it says where the reader stands. Events survive the agent's
   * restart.
   */
  sequence: z.number().int(),
  at: z.number(),
  type: z.string(),
  severity: eventSeveritySchema,
  message: z.string(),
  vmId: objectIdSchema.nullable(),
});

export const hostReportSchema = z.object({
  /** Changes with every change of anything below. */
  revision: z.number().int(),
  /** New at each start of the agent. */
  bootId: z.string(),
  hostUuid: z.uuid(),
  /** Empty until the controller has configured the host. */
  hostId: z.string(),
  product: hostProductSchema,
  maintenanceMode: z.boolean(),
  vibs: z.array(installedVibSchema),
  datastores: z.array(
    z.object({
      id: objectIdSchema,
      name: z.string(),
      type: datastoreTypeSchema,
      accessible: z.boolean(),
      capacityBytes: z.number(),
      freeBytes: z.number(),
      message: z.string(),
      /** Of a vSAN or a vVol: how many objects are in which state. */
      objectHealth: z.record(z.string(), z.number().int()).optional(),
      /** Changes with any object's health, components and bytes to resync (`readObjects`). */
      objectsDigest: z.string().max(64).optional(),
      /** Of the options that the host was told; left out by one that cannot say. */
      optionsDigest: z.string().max(64).optional(),
    }),
  ),
  worlds: z.array(worldReportSchema),
  operations: z.array(hostOperationSchema),
  workloads: z.array(workloadStatusSchema),
  /** Where the filters' daemons wait for those of other hosts; left out by a host that has none. */
  daemons: z
    .array(
      z.object({
        filter: z.string().max(64),
        address: z.union([z.ipv4(), z.ipv6()]),
        port: z.number().int().min(1).max(65535),
      }),
    )
    .max(64)
    .optional(),
  events: z.array(hostEventSchema),
});
export type HostReport = z.infer<typeof hostReportSchema>;

/**
 * Answers at once when the revision differs from the caller's, else when it changes or the wait is
 * over.
 */
export const report = defineRpc({
  name: 'report',
  input: z.object({
    knownRevision: z.number().int(),
    knownBootId: z.string(),
    afterEvent: z.number().int(),
    waitMs: z.number().int().min(0).max(20_000),
  }),
  output: hostReportSchema,
  timeoutMs: 30_000,
});

/** Tells a host who it is and which datastores it mounts. Idempotent. */
export const configure = defineRpc({
  name: 'configure',
  input: z.object({
    hostId: objectIdSchema,
    name: z.string(),
    datastores: z.array(
      z.object({
        id: objectIdSchema,
        name: z.string(),
        type: datastoreTypeSchema,
        path: z.string(),
        /** What its type needs beyond that: of a vVol `provider` (URL) and `token`. */
        options: z.record(z.string(), z.string()).default({}),
      }),
    ),
  }),
  output: done,
  timeoutMs: 10_000,
});

/**
 * Downloads, verifies and unpacks a VIB into the image. The steps show in the report's operations.
 */
export const installVib = defineRpc({
  name: 'installVib',
  input: keyed.extend({
    url: z.url(),
    vibId: z.string(),
    sha256: z.string(),
    /** Takes the place of an older version; `FilterInUse` while a running VM uses its filter. */
    upgrade: z.boolean().default(false),
  }),
  output: z.object({ vibId: z.string(), alreadyInstalled: z.boolean() }),
  timeoutMs: 300_000,
});

/** Removes a VIB from the image; `FilterInUse` while a running world uses its filter. */
export const removeVib = defineRpc({
  name: 'removeVib',
  input: keyed.extend({ vibId: z.string() }),
  output: done,
  timeoutMs: 60_000,
});

export const setAcceptanceLevel = defineRpc({
  name: 'setAcceptanceLevel',
  input: z.object({ level: acceptanceLevelSchema }),
  output: done,
  timeoutMs: 10_000,
});

/** While in maintenance mode a host refuses to power on or take in a VM. */
export const setMaintenanceMode = defineRpc({
  name: 'setMaintenanceMode',
  input: z.object({ enabled: z.boolean() }),
  output: done,
  timeoutMs: 10_000,
});

/**
 * Creates the directory, .vmx and disks of a VM, thin. An existing VM with the same instance UUID
 * is left as it is.
 */
export const createVm = defineRpc({
  name: 'createVm',
  input: keyed.extend({
    vm: vmRunSpecSchema,
    /** Disks whose contents are an ext4 file system with these files; the others are empty. */
    contents: z.array(
      z.object({
        diskKey: z.number().int(),
        fileSystem: z.literal('ext4'),
        label: z.string().max(16),
        files: z.array(z.object({ path: z.string(), text: z.string() })),
      }),
    ),
  }),
  output: z.object({ warnings: z.array(z.string()) }),
  timeoutMs: 120_000,
});

export const powerOnVm = defineRpc({
  name: 'powerOnVm',
  input: keyed.extend({ vm: vmRunSpecSchema }),
  output: z.object({ nbdPort: z.number().int(), nbdSocketPath: z.string() }),
  timeoutMs: 60_000,
});

export const powerOffVm = defineRpc({
  name: 'powerOffVm',
  input: keyed.extend({ vmId: objectIdSchema }),
  output: done,
  timeoutMs: 60_000,
});

/** Forgets a VM that was moved away or deleted; refuses while it runs. Files stay. */
export const unregisterVm = defineRpc({
  name: 'unregisterVm',
  input: keyed.extend({ vmId: objectIdSchema }),
  output: done,
  timeoutMs: 30_000,
});

/**
 * Rebuilds one disk's chain (running) or rewrites its descriptor (off). No I/O of a client is lost
 * or failed.
 */
export const setDiskFilters = defineRpc({
  name: 'setDiskFilters',
  input: keyed.extend({
    vm: vmRunSpecSchema,
    diskKey: z.number().int(),
    filters: z.array(diskFilterSchema).max(7),
  }),
  output: z.object({ pauseMs: z.number(), heldIos: z.number().int() }),
  timeoutMs: 60_000,
});

/**
 * What the source host needs to hand a running world over to this host. Opaque to the controller.
 */
export const handoverTicketSchema = z.object({
  vmId: objectIdSchema,
  /**
   * Command line of the destination's world; the source starts it so that it inherits the clients'
   * sockets.
   */
  launch: z.object({
    file: z.string(),
    args: z.array(z.string()),
    env: z.record(z.string(), z.string()),
  }),
  controlSocketPath: z.string(),
});
export type HandoverTicket = z.infer<typeof handoverTicketSchema>;

/** Checks that this host can take the VM (image, datastores, mode) and prepares its place. */
export const prepareIncoming = defineRpc({
  name: 'prepareIncoming',
  input: keyed.extend({ vm: vmRunSpecSchema }),
  output: handoverTicketSchema,
  timeoutMs: 30_000,
});

/** Hands the running VM over. On any failure before the switch the VM runs on here. */
export const migrateOut = defineRpc({
  name: 'migrateOut',
  input: keyed.extend({ vmId: objectIdSchema, ticket: handoverTicketSchema }),
  output: z.object({
    pauseMs: z.number(),
    heldIos: z.number().int(),
    connections: z.number().int(),
  }),
  timeoutMs: 120_000,
});

/**
 * Clears the place that `prepareIncoming` made, unless the VM has arrived. `arrived` says which.
 */
export const finishIncoming = defineRpc({
  name: 'finishIncoming',
  input: keyed.extend({ vmId: objectIdSchema }),
  output: z.object({ arrived: z.boolean() }),
  timeoutMs: 30_000,
});

export const sampleVms = defineRpc({
  name: 'sampleVms',
  input: z.object({}),
  output: z.object({
    samples: z.array(z.object({ vmId: objectIdSchema, sample: vmSampleSchema })),
  }),
  timeoutMs: 5_000,
});

/** The last I/Os of a disk. While someone asks, every I/O is traced; otherwise one in 64. */
export const readIoTrace = defineRpc({
  name: 'readIoTrace',
  input: z.object({
    vmId: objectIdSchema,
    diskKey: z.number().int(),
    afterSequence: z.number().int(),
    limit: z.number().int().min(1).max(500),
  }),
  output: z.object({ entries: z.array(ioTraceEntrySchema) }),
  timeoutMs: 5_000,
});

export const startWorkload = defineRpc({
  name: 'startWorkload',
  input: keyed.extend({
    vmId: objectIdSchema,
    diskKey: z.number().int(),
    workload: workloadSchema,
    traceUrl: z.url().nullable(),
  }),
  output: z.object({ workloadId: z.string() }),
  timeoutMs: 60_000,
});

export const stopWorkload = defineRpc({
  name: 'stopWorkload',
  input: z.object({ workloadId: z.string() }),
  output: done,
  timeoutMs: 10_000,
});
