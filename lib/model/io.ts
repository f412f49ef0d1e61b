// Words for I/O: operations, verdicts, crossings, and the numbers measured on a disk.
import { z } from 'zod';

const ioOperationSchema = z.enum([
  'read',
  'write',
  'flush',
  'trim',
  'writeZeroes',
  'prefetch',
  'blockStatus',
]);
export type IoOperation = z.infer<typeof ioOperationSchema>;

const crossingSchema = z.object({
  /** Name of the filter, or `disk` for the virtual disk below them. */
  filter: z.string(),
  direction: z.enum(['in', 'out']),
  verdict: z.enum(['pass', 'complete', 'fail', 'defer']),
  /** Time spent in this crossing, in microseconds; for `defer` until the filter answered. */
  microseconds: z.number(),
});

/** One I/O and every crossing of every filter, in the order in which they happened. */
export const ioTraceEntrySchema = z.object({
  sequence: z.number().int(),
  /** Wall time, milliseconds since the epoch. */
  at: z.number(),
  operation: ioOperationSchema,
  offsetBytes: z.number(),
  lengthBytes: z.number(),
  /** errno name such as EIO, or null when it succeeded. */
  error: z.string().nullable(),
  microseconds: z.number(),
  crossings: z.array(crossingSchema),
});
export type IoTraceEntry = z.infer<typeof ioTraceEntrySchema>;

const rateSchema = z.object({ iops: z.number(), bytesPerSecond: z.number() });

/** Latencies in microseconds over the sample's interval; null when nothing completed in it. */
const latencySchema = z.object({
  meanUs: z.number(),
  p50Us: z.number(),
  p99Us: z.number(),
  maxUs: z.number(),
});

/** One disk's numbers over one sampling interval. */
export const diskSampleSchema = z.object({
  diskKey: z.number().int(),
  read: rateSchema,
  write: rateSchema,
  /** Flush, trim, write zeroes and block status together. */
  otherIops: z.number(),
  errorsPerSecond: z.number(),
  /** I/Os outstanding, on average over the interval. */
  inFlight: z.number().min(0),
  connections: z.number().int(),
  latency: latencySchema.nullable(),
  filters: z.array(
    z.object({
      name: z.string(),
      iops: z.number(),
      /** I/Os that the filter itself began below it. */
      ownIops: z.number().optional(),
      /** Time spent in the filter itself, way in and way out together, from the sampled I/Os. */
      latency: latencySchema.nullable(),
      statistics: z.record(z.string(), z.number()),
    }),
  ),
});
export type DiskSample = z.infer<typeof diskSampleSchema>;

/** One VM's numbers; `at` is the end of the interval, wall time in milliseconds. */
export const vmSampleSchema = z.object({
  at: z.number(),
  intervalMs: z.number(),
  /** CPU time of the VM's world over the interval, as a share of one core (0 to n). */
  cpu: z.number(),
  residentBytes: z.number(),
  disks: z.array(diskSampleSchema),
});
export type VmSample = z.infer<typeof vmSampleSchema>;

/** What one I/O filter did on all disks of a host over one sampling interval. */
const hostFilterSchema = z.object({
  name: z.string(),
  /** Disks of running virtual machines that have it. */
  disks: z.number().int(),
  iops: z.number(),
  ownIops: z.number(),
  /** Of all I/Os the mean, of all disks the highest p99; null when nothing completed. */
  latency: z.object({ meanUs: z.number(), p99Us: z.number() }).nullable(),
  /** Counters as the sum of their rates a second; amounts as sums, all other gauges as means. */
  statistics: z.record(z.string(), z.number()),
});
export type HostFilter = z.infer<typeof hostFilterSchema>;

/** One host's filters; `at` is the end of the interval, wall time in milliseconds. */
export const hostFilterSampleSchema = z.object({
  at: z.number(),
  intervalMs: z.number(),
  filters: z.array(hostFilterSchema),
});
export type HostFilterSample = z.infer<typeof hostFilterSampleSchema>;
