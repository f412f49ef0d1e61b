// Inputs and answers of the remaining calls: filters, power, migration, DRS, hosts, workloads,
// depot.
import { z } from 'zod';
import { drsConfigSchema } from '../../model/inventory.ts';
import { type diskSampleSchema, ioTraceEntrySchema, vmSampleSchema } from '../../model/io.ts';
import { reasonSchema, verdictSchema } from '../../model/task.ts';
import { vibInspectionSchema } from '../../model/vib.ts';
import { workloadSchema, workloadStatusSchema } from '../../model/workload.ts';

/**
 * POST /io-filters. A compute resource that is not a cluster is refused with InvalidArgument, as
 * the API does.
 */
export const installIoFilterSchema = z.object({
  computeResourceId: z.string(),
  depotId: z.string(),
});

/** POST /clusters/{id}/io-filters/{filterId}/upgrade. */
export const upgradeIoFilterSchema = z.object({
  /** The VIB with the higher version. */
  depotId: z.string(),
  /** Hosts that are emptied and upgraded at the same time. */
  hostsAtOnce: z.number().int().min(1).max(16).default(1),
});

/** POST /hosts. */
export const addHostSchema = z.object({
  name: z.string().trim().min(1).max(80),
  /** Where its agent listens, `http://10.0.0.7:7001`. */
  agentUrl: z.url({ protocol: /^https?$/ }).max(400),
  /** The token that the agent was started with. */
  agentToken: z.string().min(1).max(400),
  datacenterId: z.string(),
  /** Null for a standalone host. */
  clusterId: z.string().nullable(),
});

const namedSchema = z.object({ id: z.string(), name: z.string() });

/** GET …/upgrade: what would happen on each host, without doing it. */
export const upgradePlanSchema = z.object({
  verdict: verdictSchema,
  hosts: z.array(
    z.object({
      host: namedSchema,
      /** Hosts of one wave are done at the same time; the first is 0. */
      wave: z.number().int(),
      /** The version that it has; null when it has none. */
      from: z.string().nullable(),
      step: z.enum(['upgrade', 'install', 'nothing']),
      /** Whether it goes through maintenance mode. */
      maintenance: z.boolean(),
      moves: z.array(z.object({ vm: namedSchema, to: namedSchema })),
      /** Why it would fail there; empty when nothing is in the way. */
      blocked: z.array(reasonSchema),
    }),
  ),
});
export type UpgradePlan = z.infer<typeof upgradePlanSchema>;

/** Suspending keeps what the filters remember; powering on goes on from there. */
export const setPowerSchema = z.object({
  powerState: z.enum(['poweredOn', 'poweredOff', 'suspended']),
});

/** GET /vms/{id}/migration-targets: every host with its verdict. */
const migrationTargetSchema = z.object({
  host: z.object({ id: z.string(), name: z.string() }),
  cluster: z.object({ id: z.string(), name: z.string() }).nullable(),
  current: z.boolean(),
  verdict: verdictSchema,
  cpuUsage: z.number(),
  memoryGrantedMib: z.number(),
  memoryMib: z.number().nullable(),
});
export type MigrationTarget = z.infer<typeof migrationTargetSchema>;
export const migrationTargetsSchema = z.object({ targets: z.array(migrationTargetSchema) });
export const migrateSchema = z.object({ hostId: z.string() });

const recommendationViewSchema = z.object({
  id: z.string(),
  priority: z.number().int(),
  vm: z.object({ id: z.string(), name: z.string() }),
  from: z.object({ id: z.string(), name: z.string() }),
  to: z.object({ id: z.string(), name: z.string() }),
  reason: z.string(),
  reasonText: z.string(),
  createdAt: z.string(),
  state: z.enum(['pending', 'applying', 'applied', 'failed']),
});
export type RecommendationView = z.infer<typeof recommendationViewSchema>;

/** GET /clusters/{id}/drs. */
export const drsViewSchema = z.object({
  config: drsConfigSchema,
  recommendations: z.array(recommendationViewSchema),
  /** VMs that DRS would move but may not, with every rejected host's reason. */
  faults: z.array(
    z.object({
      vm: z.object({ id: z.string(), name: z.string() }),
      reasons: z.array(reasonSchema),
    }),
  ),
  conflicts: z.array(reasonSchema),
  /** Standard deviation of the hosts' loads, and the load of each (0 to 1). */
  imbalance: z.number(),
  hostLoads: z.array(
    z.object({
      host: z.object({ id: z.string(), name: z.string() }),
      cpu: z.number(),
      memory: z.number(),
    }),
  ),
  lastRunAt: z.string().nullable(),
});
export type DrsView = z.infer<typeof drsViewSchema>;

/** GET /clusters/{id}/compatibility: VM × host. `cells` follows `vms` × `hosts`, row by row. */
export const compatibilityMatrixSchema = z.object({
  hosts: z.array(z.object({ id: z.string(), name: z.string() })),
  /** VMs of the cluster, of which `vms` are a page, by name. */
  total: z.number().int(),
  vms: z.array(z.object({ id: z.string(), name: z.string(), hostId: z.string() })),
  cells: z.array(z.object({ allowed: z.boolean(), reasons: z.array(reasonSchema) })),
});
export type CompatibilityMatrix = z.infer<typeof compatibilityMatrixSchema>;

export const setMaintenanceSchema = z.object({
  enabled: z.boolean(),
  /** On entering: also move virtual machines that are powered off or suspended to other hosts. */
  evacuatePoweredOffVms: z.boolean().default(false),
});
export const setConnectionSchema = z.object({ connected: z.boolean() });

export const samplesViewSchema = z.object({ samples: z.array(vmSampleSchema) });
export const ioTraceViewSchema = z.object({ entries: z.array(ioTraceEntrySchema) });
export type DiskSampleView = z.infer<typeof diskSampleSchema>;

export const startWorkloadSchema = z.object({
  diskKey: z.number().int(),
  workload: workloadSchema,
});
export const workloadsViewSchema = z.object({ workloads: z.array(workloadStatusSchema) });

/** A VIB in the depot. */
export const depotVibViewSchema = z.object({
  id: z.string(),
  addedAt: z.string(),
  addedBy: z.string(),
  inspection: vibInspectionSchema,
  /** Clusters on which its filter is installed. */
  installedOn: z.array(z.object({ id: z.string(), name: z.string() })),
  /** delete. */
  actions: z.record(z.string(), verdictSchema),
});
export type DepotVibView = z.infer<typeof depotVibViewSchema>;

export const traceFileViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  formatVersion: z.number().int(),
  records: z.number().int(),
  reads: z.number().int(),
  writes: z.number().int(),
  durationMs: z.number(),
  spanBytes: z.number(),
  sizeBytes: z.number(),
  addedAt: z.string(),
});
export type TraceFileView = z.infer<typeof traceFileViewSchema>;
