// What a durable write costs without any of ours: fio writes to a file of its own and calls
// fdatasync after each write, from as many threads as there are requests at a time.
import path from 'node:path';
import { z } from 'zod';
import { mustRun } from '#host/world/test-peers.ts';
import type { FioCase } from './fio.ts';

const outputSchema = z.object({
  jobs: z.tuple([z.object({ error: z.number(), write: z.object({ iops: z.number() }) })]),
});

/** Writes in a second. Throws when fio fails. */
export async function bareFdatasync(
  { rw, blockBytes, queueDepth }: FioCase,
  { directory, bytes, seconds }: { directory: string; bytes: number; seconds: number },
): Promise<number> {
  const stdout = await mustRun(
    'fio',
    [
      ...['--name=bare', '--ioengine=psync', `--filename=${path.join(directory, 'bare.img')}`],
      ...[`--rw=${rw}`, `--bs=${blockBytes}`, '--fdatasync=1', `--numjobs=${queueDepth}`],
      ...['--group_reporting', `--size=${bytes}`, '--time_based', `--runtime=${seconds}`],
      '--output-format=json',
    ],
    { cwd: directory },
  );
  const { jobs } = outputSchema.parse(JSON.parse(stdout.slice(stdout.indexOf('{'))));
  return jobs[0].write.iops;
}
