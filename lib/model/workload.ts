// The built-in workload: a small generator in the manner of fio, and a player for VMware vSCSI
// traces.
import { z } from 'zod';

export const generatorSchema = z.object({
  kind: z.literal('generator'),
  /** Named as fio names them. */
  pattern: z.enum(['randread', 'randwrite', 'randrw', 'read', 'write']),
  /** Share of reads in a mix, percent. */
  readPercent: z.number().int().min(0).max(100).default(70),
  blockBytes: z
    .number()
    .int()
    .min(512)
    .max(4 * 1024 * 1024),
  queueDepth: z.number().int().min(1).max(128),
  /** I/Os per second at most; 0 for no limit. */
  rateIops: z.number().int().min(0).max(1_000_000).default(0),
  durationSeconds: z.number().int().min(1).max(3600),
});

export const tracePlayerSchema = z.object({
  kind: z.literal('trace'),
  traceId: z.string(),
  /** 1 plays in the time of the recording, 10 ten times as fast, 0 as fast as the disk answers. */
  speed: z.number().min(0).max(1000),
  queueDepth: z.number().int().min(1).max(128).default(32),
  durationSeconds: z.number().int().min(1).max(7200),
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
