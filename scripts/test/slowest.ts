// Which test files take longest, out of the report of vitest: where to look when a run gets long.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const SHOWN = 12;

const reportSchema = z.object({
  testResults: z.array(z.object({ name: z.string(), startTime: z.number(), endTime: z.number() })),
});

/** A line each: seconds and path below the project, the longest first. */
export function readSlowest(file: string, projectRoot: string): string[] {
  const { testResults } = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return testResults
    .map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }))
    .sort((one, other) => other.seconds - one.seconds)
    .slice(0, SHOWN)
    .map(({ name, seconds }) => `${seconds.toFixed(1)} s  ${path.relative(projectRoot, name)}`);
}
