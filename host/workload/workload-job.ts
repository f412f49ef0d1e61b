// What passes between the agent and the process of a workload: the job as an argument, messages
// over IPC.
import { z } from 'zod';
import { workloadSchema } from '#lib/model/workload.ts';

export const workloadJobSchema = z.object({
  nbdSocketPath: z.string(),
  /** Name of the NBD export, `scsi0:0`. */
  exportName: z.string(),
  workload: workloadSchema,
  /** The downloaded trace; null for a generator. */
  tracePath: z.string().nullable(),
});
export type WorkloadJob = z.infer<typeof workloadJobSchema>;

export const workloadMessageSchema = z.object({
  state: z.enum(['running', 'finished', 'stopped', 'failed']),
  message: z.string(),
  numbers: z.object({
    completedIos: z.number(),
    completedBytes: z.number(),
    errors: z.number(),
    meanUs: z.number(),
    p99Us: z.number(),
    longestStallMs: z.number(),
  }),
});
export type WorkloadMessage = z.infer<typeof workloadMessageSchema>;

export const NO_NUMBERS: WorkloadMessage['numbers'] = {
  completedIos: 0,
  completedBytes: 0,
  errors: 0,
  meanUs: 0,
  p99Us: 0,
  longestStallMs: 0,
};
