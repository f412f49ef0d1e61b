// Tasks, events and alarms as the console reads them, and the change stream.
import { z } from 'zod';
import { eventSeveritySchema, faultRecordSchema, taskStateSchema } from '../../model/task.ts';
import { measuredTransferSchema } from '../../model/transfer.ts';

export const taskViewSchema = z.object({
  id: z.string(),
  operation: z.string(),
  label: z.string(),
  target: z.object({ id: z.string(), name: z.string() }),
  initiator: z.string(),
  state: taskStateSchema,
  progress: z.number().int(),
  step: z.string(),
  /** How far the copy is that the task makes just now; null while it makes none. */
  transfer: measuredTransferSchema.nullable(),
  fault: faultRecordSchema.nullable(),
  result: z.json().nullable(),
  cancelable: z.boolean(),
  /** Whether it can stand still between two hosts, and whether it was asked to. */
  pausable: z.boolean(),
  paused: z.boolean(),
  parentId: z.string().nullable(),
  queuedAt: z.string(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
});
export type TaskView = z.infer<typeof taskViewSchema>;

/** The answer to every call that takes time. */
export const taskStartedSchema = z.object({ taskId: z.string() });

export const eventViewSchema = z.object({
  id: z.string(),
  at: z.string(),
  type: z.string(),
  severity: eventSeveritySchema,
  message: z.string(),
  initiator: z.string(),
  objects: z.array(z.string()),
  taskId: z.string().nullable(),
});
export type EventView = z.infer<typeof eventViewSchema>;

/** Something that needs attention now; it goes away when its cause does. */
export const alarmViewSchema = z.object({
  id: z.string(),
  object: z.object({ id: z.string(), name: z.string() }),
  severity: eventSeveritySchema,
  message: z.string(),
  remedy: z.string(),
});
export type AlarmView = z.infer<typeof alarmViewSchema>;

/**
 * Data of one `change` message of GET /changes (text/event-stream). The message id is the version.
 */
export const changeMessageSchema = z.object({
  changes: z.array(z.object({ object: z.string(), path: z.string() })),
});
export type ChangeMessage = z.infer<typeof changeMessageSchema>;
