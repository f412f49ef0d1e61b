// The built-in workload: a small generator in the manner of fio, and a player for VMware vSCSI
// traces.
import { z } from 'zod';
import { GENERATOR_LIMITS, type NumberLimits, TRACE_PLAYER_LIMITS } from './workload-limits.ts';

export const generatorSchema = z.object({
  kind: z.literal('generator'),
  /** Named as fio names them. */
  pattern: z.enum(['randread', 'randwrite', 'randrw', 'read', 'write']),
  /** Share of reads in a mix, percent. */
  readPercent: whole(GENERATOR_LIMITS.readPercent).default(70),
  blockBytes: whole(GENERATOR_LIMITS.blockBytes),
  queueDepth: whole(GENERATOR_LIMITS.queueDepth),
  /** I/Os per second at most; 0 for no limit. */
  rateIops: whole(GENERATOR_LIMITS.rateIops).default(0),
  durationSeconds: whole(GENERATOR_LIMITS.durationSeconds),
});

const tracePlayerSchema = z.object({
  kind: z.literal('trace'),
  traceId: z.string(),
  /** 1 plays in the time of the recording, 10 ten times as fast, 0 as fast as the disk answers. */
  speed: z.number().min(TRACE_PLAYER_LIMITS.speed.min).max(TRACE_PLAYER_LIMITS.speed.max),
  queueDepth: whole(TRACE_PLAYER_LIMITS.queueDepth).default(32),
  durationSeconds: whole(TRACE_PLAYER_LIMITS.durationSeconds),
});

export const workloadSchema = z.discriminatedUnion('kind', [generatorSchema, tracePlayerSchema]);
export type Workload = z.infer<typeof workloadSchema>;

export const workloadStatusSchema = z.object({
  id: z.string(),
  vmId: z.string(),
  diskKey: z.number().int(),
  workload: workloadSchema,
  state: z.enum(['running', 'finished', 'stopped', 'failed']),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  completedIos: z.number(),
  completedBytes: z.number(),
  /** I/Os that the disk answered with an error, or that were lost with the connection. */
  errors: z.number(),
  meanUs: z.number(),
  p99Us: z.number(),
  /** The longest time in which no I/O completed while some were outstanding, in milliseconds. */
  longestStallMs: z.number(),
  message: z.string(),
});
export type WorkloadStatus = z.infer<typeof workloadStatusSchema>;

function whole({ min, max }: NumberLimits) {
  return z.number().int().min(min).max(max);
}
