// Every route of the REST face, below /api/v1, in one table: the server mounts it, the browser
// calls by it, the OpenAPI document is made of it. Path parameters stand in braces.
import { z } from 'zod';
import { drsConfigSchema } from '../../model/inventory.ts';
import { hostFilterSampleSchema } from '../../model/io.ts';
import { verdictSchema } from '../../model/task.ts';
import { FLASH_ROUTES } from './flash.ts';
import { HA_ROUTES } from './ha.ts';
import { IMPORT_ROUTES } from './imports.ts';
import {
  clusterViewSchema,
  hostSummarySchema,
  hostViewSchema,
  inventorySchema,
  vmSummarySchema,
  vmViewSchema,
} from './inventory.ts';
import { OBJECT_ROUTES } from './inventory-objects.ts';
import { KEY_ROUTES } from './key-routes.ts';
import { LIFE_CYCLE_ROUTES } from './life-cycle.ts';
import {
  compatibilityMatrixSchema,
  depotVibViewSchema,
  drsViewSchema,
  installIoFilterSchema,
  ioTraceViewSchema,
  migrateSchema,
  migrationTargetsSchema,
  samplesViewSchema,
  setConnectionSchema,
  setMaintenanceSchema,
  setPowerSchema,
  startWorkloadSchema,
  traceFileViewSchema,
  workloadsViewSchema,
} from './operations.ts';
import {
  assignPoliciesSchema,
  compatibilityViewSchema,
  filterCatalogueEntrySchema,
  policyInputSchema,
  policyRuleSchema,
  policyViewSchema,
} from './policies.ts';
import { REPLICATION_ROUTES } from './replication-routes.ts';
import { ONLINE_DEPOT_ROUTES } from './resources/online-depots.ts';
import { RESOURCE_POOL_ROUTES } from './resources/resource-pools.ts';
import {
  changePasswordSchema,
  createUserSchema,
  sessionViewSchema,
  signInSchema,
  userViewSchema,
} from './session.ts';
import { TAG_ROUTES } from './tags.ts';
import { alarmViewSchema, eventViewSchema, taskStartedSchema, taskViewSchema } from './tasks.ts';
import { VM_OPERATION_ROUTES } from './vm-operation-routes.ts';
import { VM_LIST_ROUTES } from './vms/vm-list.ts';

const none = z.object({});
const limited = z.object({ limit: z.coerce.number().int().min(1).max(1000).default(200) });

/**
 * Of a long list only these objects, ids separated by commas: what a page asks for when a change
 * names them, instead of reading the whole list again. One that is not in the answer is gone.
 */
const chosen = z.object({
  ids: z
    .string()
    .regex(/^[a-z0-9,-]{1,16384}$/)
    .optional(),
});

/** Of all VMs, or of those that are on one host. */
const chosenVms = chosen.extend({
  hostId: z
    .string()
    .regex(/^[a-z0-9-]{1,80}$/)
    .optional(),
});

/** A part of a long list; how long it is is in the answer. */
const paged = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export interface RouteRow {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** `binary`: the body is a file, with its name in the query. */
  upload?: 'binary';
  answer: z.ZodType;
}

export const ROUTES = {
  signIn: { method: 'POST', path: '/session', body: signInSchema, answer: sessionViewSchema },
  readSession: { method: 'GET', path: '/session', answer: sessionViewSchema },
  signOut: { method: 'DELETE', path: '/session', answer: none },
  changePassword: {
    method: 'POST',
    path: '/session/password',
    body: changePasswordSchema,
    answer: none,
  },
  listUsers: { method: 'GET', path: '/users', answer: z.array(userViewSchema) },
  createUser: { method: 'POST', path: '/users', body: createUserSchema, answer: userViewSchema },
  deleteUser: { method: 'DELETE', path: '/users/{id}', answer: none },

  readInventory: { method: 'GET', path: '/inventory', query: chosen, answer: inventorySchema },
  readCluster: { method: 'GET', path: '/clusters/{id}', answer: clusterViewSchema },
  readDrs: { method: 'GET', path: '/clusters/{id}/drs', answer: drsViewSchema },
  configureDrs: {
    method: 'PATCH',
    path: '/clusters/{id}/drs',
    body: drsConfigSchema,
    answer: taskStartedSchema,
  },
  refreshRecommendations: {
    method: 'POST',
    path: '/clusters/{id}/drs/refresh',
    body: none,
    answer: drsViewSchema,
  },
  readCompatibilityMatrix: {
    method: 'GET',
    path: '/clusters/{id}/compatibility',
    query: paged,
    answer: compatibilityMatrixSchema,
  },
  applyRecommendation: {
    method: 'POST',
    path: '/recommendations/{id}/apply',
    body: none,
    answer: taskStartedSchema,
  },

  installIoFilter: {
    method: 'POST',
    path: '/io-filters',
    body: installIoFilterSchema,
    answer: taskStartedSchema,
  },
  uninstallIoFilter: {
    method: 'DELETE',
    path: '/clusters/{id}/io-filters/{filterId}',
    answer: taskStartedSchema,
  },
  resolveIoFilter: {
    method: 'POST',
    path: '/clusters/{id}/io-filters/{filterId}/resolve',
    body: z.object({ hostId: z.string().optional() }),
    answer: taskStartedSchema,
  },

  listHosts: { method: 'GET', path: '/hosts', answer: z.array(hostSummarySchema) },
  readHost: { method: 'GET', path: '/hosts/{id}', answer: hostViewSchema },
  readHostSamples: {
    method: 'GET',
    path: '/hosts/{id}/samples',
    query: z.object({ since: z.coerce.number().default(0) }),
    answer: z.object({ samples: z.array(hostFilterSampleSchema) }),
  },
  setMaintenance: {
    method: 'POST',
    path: '/hosts/{id}/maintenance',
    body: setMaintenanceSchema,
    answer: taskStartedSchema,
  },
  setConnection: {
    method: 'POST',
    path: '/hosts/{id}/connection',
    body: setConnectionSchema,
    answer: taskStartedSchema,
  },

  listVms: { method: 'GET', path: '/vms', query: chosenVms, answer: z.array(vmSummarySchema) },
  ...VM_LIST_ROUTES,
  readVm: { method: 'GET', path: '/vms/{id}', answer: vmViewSchema },
  setPower: {
    method: 'POST',
    path: '/vms/{id}/power',
    body: setPowerSchema,
    answer: taskStartedSchema,
  },
  listMigrationTargets: {
    method: 'GET',
    path: '/vms/{id}/migration-targets',
    answer: migrationTargetsSchema,
  },
  migrateVm: {
    method: 'POST',
    path: '/vms/{id}/migrate',
    body: migrateSchema,
    answer: taskStartedSchema,
  },
  checkPolicies: {
    method: 'POST',
    path: '/vms/{id}/policies/check',
    body: assignPoliciesSchema,
    answer: verdictSchema,
  },
  assignPolicies: {
    method: 'PUT',
    path: '/vms/{id}/policies',
    body: assignPoliciesSchema,
    answer: taskStartedSchema,
  },
  readSamples: {
    method: 'GET',
    path: '/vms/{id}/samples',
    query: z.object({ since: z.coerce.number().default(0) }),
    answer: samplesViewSchema,
  },
  readIoTrace: {
    method: 'GET',
    path: '/vms/{id}/disks/{key}/io-trace',
    query: z.object({
      after: z.coerce.number().int().default(0),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
    answer: ioTraceViewSchema,
  },
  listWorkloads: { method: 'GET', path: '/vms/{id}/workloads', answer: workloadsViewSchema },
  startWorkload: {
    method: 'POST',
    path: '/vms/{id}/workloads',
    body: startWorkloadSchema,
    answer: z.object({ workloadId: z.string() }),
  },
  stopWorkload: { method: 'DELETE', path: '/vms/{id}/workloads/{workloadId}', answer: none },

  ...VM_OPERATION_ROUTES,
  ...KEY_ROUTES,
  ...REPLICATION_ROUTES,
  ...FLASH_ROUTES,
  ...OBJECT_ROUTES,
  ...TAG_ROUTES,

  listFilters: { method: 'GET', path: '/filters', answer: z.array(filterCatalogueEntrySchema) },
  listPolicies: { method: 'GET', path: '/policies', answer: z.array(policyViewSchema) },
  readPolicy: { method: 'GET', path: '/policies/{id}', answer: policyViewSchema },
  createPolicy: {
    method: 'POST',
    path: '/policies',
    body: policyInputSchema,
    answer: policyViewSchema,
  },
  updatePolicy: {
    method: 'PATCH',
    path: '/policies/{id}',
    body: policyInputSchema,
    answer: policyViewSchema,
  },
  deletePolicy: { method: 'DELETE', path: '/policies/{id}', answer: none },
  checkCompatibility: {
    method: 'POST',
    path: '/policies/compatibility',
    body: z.object({ rules: z.array(policyRuleSchema) }),
    answer: compatibilityViewSchema,
  },

  listDepotVibs: { method: 'GET', path: '/depot/vibs', answer: z.array(depotVibViewSchema) },
  uploadVib: {
    method: 'POST',
    path: '/depot/vibs',
    query: z.object({ fileName: z.string().min(1).max(255) }),
    upload: 'binary',
    answer: z.array(depotVibViewSchema),
  },
  deleteVib: { method: 'DELETE', path: '/depot/vibs/{id}', answer: none },
  listTraceFiles: { method: 'GET', path: '/depot/traces', answer: z.array(traceFileViewSchema) },
  uploadTraceFile: {
    method: 'POST',
    path: '/depot/traces',
    query: z.object({ fileName: z.string().min(1).max(255) }),
    upload: 'binary',
    answer: traceFileViewSchema,
  },
  deleteTraceFile: { method: 'DELETE', path: '/depot/traces/{id}', answer: none },

  listTasks: {
    method: 'GET',
    path: '/tasks',
    query: limited.extend({ target: z.string().optional() }),
    answer: z.array(taskViewSchema),
  },
  readTask: { method: 'GET', path: '/tasks/{id}', answer: taskViewSchema },
  ...LIFE_CYCLE_ROUTES,
  ...ONLINE_DEPOT_ROUTES,
  ...RESOURCE_POOL_ROUTES,
  ...HA_ROUTES,
  ...IMPORT_ROUTES,
  cancelTask: { method: 'POST', path: '/tasks/{id}/cancel', body: none, answer: none },
  listEvents: {
    method: 'GET',
    path: '/events',
    query: limited.extend({ object: z.string().optional(), before: z.string().optional() }),
    answer: z.array(eventViewSchema),
  },
  listAlarms: { method: 'GET', path: '/alarms', answer: z.array(alarmViewSchema) },
} as const satisfies Record<string, RouteRow>;

export type RouteName = keyof typeof ROUTES;
