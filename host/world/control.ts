// The control protocol of a world: one JSON object a line over its unix socket. Request {id,
// method, params}, answer {id, result} or {id, fault}. Several may be under way at a time.
import { z } from 'zod';
import { diskFilterSchema } from '#lib/model/filter.ts';
import { ioTraceEntrySchema, vmSampleSchema } from '#lib/model/io.ts';
import { MIB } from '#lib/model/limits.ts';
import { faultRecordSchema } from '#lib/model/task.ts';
import { handoverTicketSchema } from '#lib/wire/agent/host-rpc.ts';
import { boxKeySchema, filterProgressSchema, sealedKeysSchema } from '#lib/wire/agent/key-rpc.ts';
import { handoverStateSchema } from '../migration/handover-state.ts';
import { launchFiltersSchema } from './launch.ts';
import {
  operateParamsSchema,
  operationProgressSchema,
  operationResultSchema,
} from './operations/operation.ts';

/** Longest line, in bytes: the state of every filter of a VM passes in one. */
export const CONTROL_LINE_BYTES_MAX = 256 * MIB;

const worldStateSchema = z.enum([
  'starting',
  /** Waits for another world to hand the VM over. */
  'waiting',
  'running',
  'migratingOut',
  'stopping',
  /** Could not open, or lost a lock; the process ends shortly after. `fault` says why. */
  'faulted',
]);
export type WorldState = z.infer<typeof worldStateSchema>;

const worldStatusSchema = z.object({
  vmId: z.string(),
  pid: z.number().int(),
  state: worldStateSchema,
  fault: faultRecordSchema.nullable(),
  /** 0 until the world listens. */
  nbdPort: z.number().int(),
  nbdSocketPath: z.string(),
  disks: z.array(
    z.object({
      key: z.number().int(),
      /** As they really run. */
      filters: z.array(diskFilterSchema),
      connections: z.number().int(),
      /** Writes that wait because the datastore is full. */
      waitingForSpace: z.number().int(),
      /** Of filters that do something to the disk at length. */
      progress: z.array(filterProgressSchema).optional(),
    }),
  ),
  /** It waits for `putKeys`. */
  awaitsKeys: z.boolean().optional(),
  /** The operation on whole disks that is under way. */
  operation: operationProgressSchema.nullable(),
  /** The last failures of filters, newest last. */
  filterFaults: z.array(
    z.object({
      sequence: z.number().int(),
      at: z.number(),
      diskKey: z.number().int(),
      filter: z.string(),
      operation: z.string(),
      message: z.string(),
    }),
  ),
  /** The last events that filters have raised, newest last. */
  filterEvents: z.array(
    z.object({
      sequence: z.number().int(),
      at: z.number(),
      diskKey: z.number().int(),
      filter: z.string(),
      severity: z.enum(['info', 'warning', 'error']),
      message: z.string(),
    }),
  ),
});
export type WorldStatus = z.infer<typeof worldStatusSchema>;

const empty = z.object({});

/** Methods by name, with the schemas of what goes in and comes out. */
export const CONTROL_METHODS = {
  status: { params: empty, result: worldStatusSchema },
  /** Numbers since the last call. */
  sample: { params: empty, result: vmSampleSchema },
  ioTrace: {
    params: z.object({
      diskKey: z.number().int(),
      afterSequence: z.number().int(),
      limit: z.number().int().min(1).max(500),
    }),
    result: z.object({ entries: z.array(ioTraceEntrySchema) }),
  },
  /** With which public key keys for it are sealed. */
  readKeyBox: { params: empty, result: z.object({ publicKey: boxKeySchema }) },
  /** Keys for the disks' filters, in memory only. The first call lets the disks be opened. */
  putKeys: { params: z.object({ sealed: sealedKeysSchema }), result: empty },
  /** Rebuilds the chain of a disk; on any failure everything is as before. */
  setDiskFilters: {
    params: z.object({ diskKey: z.number().int(), filters: launchFiltersSchema }),
    result: z.object({ pauseMs: z.number(), heldIos: z.number().int() }),
  },
  /** Does an operation on whole disks, joins it, or answers again, by its mark. */
  operate: { params: operateParamsSchema, result: operationResultSchema },
  /** Asks the operation of that mark to stop and to leave all as it was. */
  cancel: { params: z.object({ mark: z.string() }), result: empty },
  /** Hands the VM to the host that made the ticket. On success this world ends. */
  handOver: {
    params: z.object({ ticket: handoverTicketSchema }),
    result: z.object({
      pauseMs: z.number(),
      heldIos: z.number().int(),
      connections: z.number().int(),
    }),
  },
  /** From the source world: take locks, disks and connections, and wait for `goOn`. */
  activate: { params: handoverStateSchema, result: empty },
  /** From the source world: it will not come back; serve the clients. */
  goOn: { params: empty, result: empty },
  /**
   * Ends the world: I/O is drained, disks are flushed, locks released. Answers before the process
   * ends.
   */
  stop: { params: empty, result: empty },
} as const;
export type ControlMethod = keyof typeof CONTROL_METHODS;

export const controlRequestSchema = z.object({
  id: z.number().int(),
  method: z.string(),
  params: z.unknown(),
});
export const controlAnswerSchema = z.union([
  z.object({ id: z.number().int(), result: z.unknown(), fault: z.undefined().optional() }),
  z.object({ id: z.number().int(), fault: faultRecordSchema }),
]);
