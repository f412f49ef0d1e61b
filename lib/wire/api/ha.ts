// vSphere HA of a cluster as the console and the REST face know it.
import { z } from 'zod';
import {
  haConfigSchema,
  haHostStateSchema,
  haTroubleSchema,
  restartPrioritySchema,
} from '../../model/availability.ts';
import { objectIdSchema } from '../../model/inventory.ts';
import { reasonSchema } from '../../model/task.ts';
import { taskStartedSchema } from './tasks.ts';

const named = z.object({ id: z.string(), name: z.string() });

/** Of a VM in a cluster with vSphere HA. */
export const vmHaSchema = z.object({
  /** Its own, or that of its cluster. */
  restartPriority: restartPrioritySchema,
  /** Why it is down still, since its host has failed; null when it need not be restarted. */
  trouble: haTroubleSchema.nullable(),
});

/** What is made of a host; null where it is not watched. */
export const hostHaSchema = z.object({
  state: haHostStateSchema,
  reason: z.string(),
  since: z.string().nullable(),
});

/** GET /clusters/{id}/ha. */
const haViewSchema = z.object({
  config: haConfigSchema,
  hosts: z.array(hostHaSchema.extend({ host: named })),
  capacity: z.object({
    /** Of the hosts that can run VMs now, MiB. */
    memoryMib: z.number(),
    /** What is left of it when as many of the largest hosts fail as are tolerated. */
    memoryLeftMib: z.number(),
    /** Configured memory of the VMs that are on. */
    memoryGrantedMib: z.number(),
    /** How many of the largest may fail before too little is left; -1: it is too little now. */
    hostFailures: z.number().int(),
  }),
  /** VMs with a restart priority of their own. */
  overrides: z.array(z.object({ vm: named, restartPriority: restartPrioritySchema })),
  /** VMs that are on and that no other host could take, with every host's reasons: a hundred. */
  unprotected: z.array(z.object({ vm: named, reasons: z.array(reasonSchema) })),
  /** VMs of failed hosts that are down still. */
  down: z.array(z.object({ vm: named, trouble: haTroubleSchema })),
});
export type HaView = z.infer<typeof haViewSchema>;

export const HA_ROUTES = {
  readHa: { method: 'GET', path: '/clusters/{id}/ha', answer: haViewSchema },
  configureHa: {
    method: 'PATCH',
    path: '/clusters/{id}/ha',
    body: haConfigSchema,
    answer: taskStartedSchema,
  },
  setRestartPriority: {
    method: 'PATCH',
    path: '/clusters/{id}/ha/restart-priority',
    /** Null: that of the cluster. */
    body: z.object({ vmId: objectIdSchema, restartPriority: restartPrioritySchema.nullable() }),
    answer: taskStartedSchema,
  },
} as const;
