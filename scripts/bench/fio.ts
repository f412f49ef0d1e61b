// One run of fio's NBD engine against a server, and what it measured.
import { z } from 'zod';
import { mustRun } from '#host/world/test-peers.ts';

/** A pattern of I/O, named as fio names it. */
export interface FioCase {
  label: string;
  rw: 'randread' | 'randwrite' | 'randrw' | 'read' | 'write';
  blockBytes: number;
  queueDepth: number;
}

export interface FioRun {
  uri: string;
  directory: string;
  sizeBytes: number;
  seconds: number;
  realtime: boolean;
}

export interface FioResult {
  iops: number;
  /** Completion latency in microseconds. */
  p99Us: number;
}

const directionSchema = z.object({
  iops: z.number(),
  clat_ns: z.object({ percentile: z.record(z.string(), z.number()).optional() }),
});
const outputSchema = z.object({
  jobs: z.tuple([z.object({ error: z.number(), read: directionSchema, write: directionSchema })]),
});

/** Throws when fio fails or meets with an I/O error. */
export async function runFio(
  { rw, blockBytes, queueDepth }: FioCase,
  { uri, directory, sizeBytes, seconds, realtime }: FioRun,
): Promise<FioResult> {
  const args = [
    '--name=bench',
    '--ioengine=nbd',
    `--uri=${uri}`,
    `--rw=${rw}`,
    '--rwmixread=70',
    `--bs=${blockBytes}`,
    `--iodepth=${queueDepth}`,
    `--size=${sizeBytes}`,
    '--time_based',
    `--runtime=${seconds}`,
    '--output-format=json',
  ];
  const stdout = realtime
    ? await mustRun('chrt', ['--rr', '1', 'fio', ...args], { cwd: directory })
    : await mustRun('fio', args, { cwd: directory });
  const { jobs } = outputSchema.parse(JSON.parse(stdout.slice(stdout.indexOf('{'))));
  const [{ read, write }] = jobs;
  const p99 = ({ clat_ns }: typeof read): number => clat_ns.percentile?.['99.000000'] ?? 0;
  return { iops: read.iops + write.iops, p99Us: Math.max(p99(read), p99(write)) / 1000 };
}
