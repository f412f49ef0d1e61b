// The inventory as the console reads it: the tree, and one view for each kind of object. Views
// carry `actions`: for each action the verdict for this caller, so that a button can say why it is
// disabled.
import { z } from 'zod';
import { diskFilterSchema } from '../../model/filter.ts';
import { filterClassSchema } from '../../model/filter-class-schema.ts';
import {
  connectionStateSchema,
  datastoreTypeSchema,
  drsConfigSchema,
  hostFilterStateSchema,
  maintenanceStateSchema,
  powerStateSchema,
} from '../../model/inventory.ts';
import { faultRecordSchema, reasonSchema, verdictSchema } from '../../model/task.ts';
import { vmTroubleSchema } from '../../model/vm-trouble.ts';
import { diskBackingSchema, provisioningSchema } from '../agent/disk-rpc.ts';
import { hostHaSchema, vmHaSchema } from './ha.ts';
import { snapshotViewSchema } from './vm-operations.ts';

const actions = z.record(z.string(), verdictSchema);
const named = z.object({ id: z.string(), name: z.string() });
export type Named = z.infer<typeof named>;

/** GET /inventory: every node of the tree, light enough for 10,000 of them. */
const inventoryNodeSchema = z.object({
  id: z.string(),
  kind: z.enum([
    ...(['datacenter', 'vmFolder', 'hostFolder', 'cluster', 'resourcePool'] as const),
    ...(['host', 'vm', 'datastore'] as const),
  ]),
  name: z.string(),
  /** Parent in Hosts and Clusters: a VM's is its host, a datastore's its datacenter. */
  parentId: z.string().nullable(),
  /** Of a VM in a folder: that, its parent in VMs and templates. */
  folderId: z.string().optional(),
  /** Power state of a VM, connection state of a host; '' for others. */
  state: z.string(),
  /**
   * Second state worth an icon: `inMaintenance`, `entering`, `faulted`, `warning` (of a VM: there
   * is trouble, but it is not down), `template`; '' for none.
   */
  badge: z.string(),
});
export type InventoryNode = z.infer<typeof inventoryNodeSchema>;
export const inventorySchema = z.object({ nodes: z.array(inventoryNodeSchema) });

const complianceSchema = z.enum([
  'compliant',
  'nonCompliant',
  'outOfDate',
  'notApplicable',
  'unknown',
]);
export type Compliance = z.infer<typeof complianceSchema>;

const diskViewSchema = z.object({
  key: z.number().int(),
  label: z.string(),
  unit: z.string(),
  datastore: named,
  path: z.string(),
  capacityBytes: z.number(),
  /** What it takes on its datastore with its snapshots; null until its host has said. */
  usedBytes: z.number().nullable(),
  provisioning: provisioningSchema,
  backing: diskBackingSchema,
  /** Of an object of a vSAN or a vVol: what the host says of it; empty for a file. */
  health: z.string(),
  policy: named.nullable(),
  compliance: complianceSchema,
  complianceReason: z.string(),
  /** In call order, guest first; as the host runs them while powered on, else as applied last. */
  filters: z.array(diskFilterSchema),
  /** nbd://127.0.0.1:10809/scsi0:0, or null while powered off. */
  nbdUri: z.string().nullable(),
  /** nbd+unix:///scsi0:0?socket=… for clients on the host itself. */
  nbdUnixUri: z.string().nullable(),
  connections: z.number().int(),
  /** grow, remove, removeAndDeleteFiles. */
  actions,
});
export type DiskView = z.infer<typeof diskViewSchema>;

export const vmSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  powerState: powerStateSchema,
  worldState: z.string(),
  /** In words; `trouble` says the same for programs. */
  worldMessage: z.string(),
  trouble: vmTroubleSchema.nullable(),
  host: named,
  cluster: named.nullable(),
  guestFullName: z.string(),
  cpuCount: z.number().int(),
  memoryMib: z.number().int(),
  provisionedBytes: z.number(),
  diskCount: z.number().int(),
  /** Names of the filters on its disks, each once. */
  filterNames: z.array(z.string()),
  compliance: complianceSchema,
  /** Share of one core, measured on its world over the last minute. */
  cpuUsage: z.number(),
  /** A template cannot be powered on; it is deployed from. */
  isTemplate: z.boolean(),
  snapshotCount: z.number().int(),
});
export type VmSummary = z.infer<typeof vmSummarySchema>;

export const vmViewSchema = vmSummarySchema.extend({
  instanceUuid: z.string(),
  datastore: named,
  vmxPath: z.string(),
  homePolicy: named.nullable(),
  residentBytes: z.number(),
  /** Sum over its disks; null until its host has said. */
  usedBytes: z.number().nullable(),
  disks: z.array(diskViewSchema),
  /** The tree, parents before children. */
  snapshots: z.array(snapshotViewSchema),
  currentSnapshotId: z.number().int().nullable(),
  /** Redo logs that no snapshot needs wait to be merged: somebody cancelled it. */
  consolidationNeeded: z.boolean(),
  /** Of a linked clone: the VM and the snapshot that it builds on. */
  linkedTo: z.object({ vm: named, snapshotId: z.number().int() }).nullable(),
  /** What stands in for it since a failover; it cannot be powered on then. */
  replacedBy: named.nullable(),
  /** Null where vSphere HA is off. */
  ha: vmHaSchema.nullable(),
  /**
   * powerOn, powerOff, suspend, reset, migrate, editPolicies, startWorkload, createSnapshot,
   * revertToCurrentSnapshot, removeAllSnapshots, consolidateDisks, addDisk, addExistingDisk,
   * addRawDevice, clone,
   * createLinkedClone, relocate, markAsTemplate, markAsVirtualMachine, delete.
   */
  actions,
});
export type VmView = z.infer<typeof vmViewSchema>;

export const hostSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  cluster: named.nullable(),
  connectionState: connectionStateSchema,
  connectionReason: z.string(),
  maintenanceState: maintenanceStateSchema,
  version: z.string().nullable(),
  build: z.string().nullable(),
  acceptanceLevel: z.string().nullable(),
  cpuCores: z.number().int().nullable(),
  memoryMib: z.number().int().nullable(),
  vmCount: z.number().int(),
  poweredOnVmCount: z.number().int(),
  /** Sum over its powered-on VMs: configured memory, MiB. */
  memoryGrantedMib: z.number(),
  /** Sum over its VMs' worlds: cores in use, measured. */
  cpuUsage: z.number(),
  lastSeenAt: z.string().nullable(),
  /** Filters it lacks of its cluster's, or other issues. */
  issues: z.array(reasonSchema),
});
export type HostSummary = z.infer<typeof hostSummarySchema>;

const hostVibViewSchema = z.object({
  vibId: z.string(),
  name: z.string(),
  vendor: z.string(),
  version: z.string(),
  filterId: z.string().nullable(),
  filterName: z.string().nullable(),
  filterClass: filterClassSchema.nullable(),
  available: z.boolean(),
  installedAt: z.string(),
});

export const hostViewSchema = hostSummarySchema.extend({
  agentUrl: z.string(),
  hostUuid: z.string().nullable(),
  /** What vSphere HA makes of it. */
  ha: hostHaSchema,
  vibs: z.array(hostVibViewSchema),
  datastores: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      type: datastoreTypeSchema,
      accessible: z.boolean(),
      message: z.string(),
    }),
  ),
  /** The first hundred by name; `vmCount` says how many there are, `listVms` all of them. */
  vms: z.array(vmSummarySchema),
  /** enterMaintenance, exitMaintenance, disconnect, connect, move, remove, installFilter. */
  actions,
});
export type HostView = z.infer<typeof hostViewSchema>;

/** One filter of a cluster (ClusterIoFilterInfo) with its state on every host. */
const clusterFilterViewSchema = z.object({
  filterId: z.string(),
  name: z.string(),
  vendor: z.string(),
  version: z.string(),
  type: filterClassSchema,
  summary: z.string(),
  releaseDate: z.string(),
  vibId: z.string(),
  depotId: z.string(),
  opType: z.enum(['install', 'uninstall', 'upgrade']),
  /** Which version the last upgrade replaces; empty when there was none. */
  previousVersion: z.string(),
  hosts: z.array(
    z.object({
      host: named,
      state: hostFilterStateSchema,
      progress: z.number().int(),
      available: z.boolean(),
      /** Of the filter in the host's image; null when the host has none. */
      version: z.string().nullable(),
      fault: faultRecordSchema.nullable(),
    }),
  ),
  disksInUse: z.array(z.object({ vm: named, diskKey: z.number().int(), diskLabel: z.string() })),
  /** uninstall, upgrade, resolve. */
  actions,
});
export type ClusterFilterView = z.infer<typeof clusterFilterViewSchema>;

export const clusterViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  datacenter: named,
  drs: drsConfigSchema,
  hosts: z.array(hostSummarySchema),
  filters: z.array(clusterFilterViewSchema),
  /** Why DRS and a filter of this cluster do not go together at present; empty when they do. */
  drsConflicts: z.array(reasonSchema),
  /** installFilter, editDrs, editHa, refreshRecommendations. */
  actions,
});
export type ClusterView = z.infer<typeof clusterViewSchema>;
