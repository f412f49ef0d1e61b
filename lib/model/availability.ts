// vSphere HA: how a cluster is protected from the loss of a host, and what is found of its hosts
// and VMs.
import { z } from 'zod';
import { reasonSchema } from './task.ts';

/** ClusterDasVmSettingsRestartPriority of vim25, first that what is started first. */
export const RESTART_PRIORITIES = [
  'highest',
  'high',
  'medium',
  'low',
  'lowest',
  'disabled',
] as const;
export const restartPrioritySchema = z.enum(RESTART_PRIORITIES);
export type RestartPriority = z.infer<typeof restartPrioritySchema>;

/** Host failures that admission control can keep room for. */
const HA_FAILURES_MAX = 31;

/** ClusterDasConfigInfo, as far as it is known here. */
export const haConfigSchema = z.object({
  enabled: z.boolean(),
  /** Without it no host counts as failed, so that one can be worked on. */
  hostMonitoring: z.boolean(),
  /** Of VMs that have none of their own. */
  restartPriority: restartPrioritySchema,
  /** Refuses to power on what would take the room that is kept for failures. */
  admissionControl: z.boolean(),
  /** Host failures that the cluster tolerates. */
  failuresTolerated: z.number().int().min(1).max(HA_FAILURES_MAX),
});
export type HaConfig = z.infer<typeof haConfigSchema>;

/**
 * `agentUnreachable`: it does not answer, and it is not known yet what that means.
 * `networkIsolated`: it does not answer, but its VMs hold their locks and beat. `hostDown`: silent
 * on both ways. Empty: not watched.
 */
export const haHostStateSchema = z.enum([
  '',
  'connected',
  'agentUnreachable',
  'networkIsolated',
  'hostDown',
]);
export type HaHostState = z.infer<typeof haHostStateSchema>;

/** Why a VM of a failed host is down still. */
export const haTroubleSchema = z.object({
  failedHost: z.object({ id: z.string(), name: z.string() }),
  /** ISO 8601: when its host was found to have failed. */
  since: z.string(),
  /** Of every host that cannot take it, or of the last try. */
  reasons: z.array(reasonSchema),
});
export type HaTrouble = z.infer<typeof haTroubleSchema>;
