// Tasks and events: everything that is done stands in them, who did it, to what, and how it ended.
import { z } from 'zod';
import { FAULTS, type FaultName } from './fault.ts';

/** TaskInfoState of vim25, and `canceled` apart from `error` because admins ask for it. */
export const taskStateSchema = z.enum(['queued', 'running', 'success', 'error', 'canceled']);
export type TaskState = z.infer<typeof taskStateSchema>;

export const reasonSchema = z.object({
  fault: z.enum(Object.keys(FAULTS) as [FaultName, ...FaultName[]]),
  message: z.string(),
  remedy: z.string().optional(),
  objects: z.array(z.string()).optional(),
});

export const faultRecordSchema = z.object({
  fault: z.enum(Object.keys(FAULTS) as [FaultName, ...FaultName[]]),
  message: z.string(),
  reasons: z.array(reasonSchema),
  data: z.record(z.string(), z.json()).optional(),
});

export const verdictSchema = z.object({
  allowed: z.boolean(),
  reasons: z.array(reasonSchema),
  warnings: z.array(reasonSchema),
});

/** Transitions that a task may make; everything else is a bug. */
export const TASK_TRANSITIONS: Record<TaskState, readonly TaskState[]> = {
  queued: ['running', 'canceled', 'error'],
  running: ['success', 'error', 'canceled', 'queued'],
  success: [],
  error: [],
  canceled: [],
};

export const eventSeveritySchema = z.enum(['info', 'warning', 'error']);
export type EventSeverity = z.infer<typeof eventSeveritySchema>;
