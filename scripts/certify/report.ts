// The report of a certification: for people as text, for machines as JSON.
import { z } from 'zod';
import { acceptanceLevelSchema } from '#lib/model/vib.ts';

const checkResultSchema = z.object({
  /** Stable: `model`, `flush`, … */
  id: z.string(),
  title: z.string(),
  verdict: z.enum(['passed', 'failed', 'skipped']),
  /** Why it failed, or was skipped. */
  reason: z.string().nullable(),
  numbers: z.record(z.string(), z.number()),
  notes: z.array(z.string()),
  milliseconds: z.number(),
});
export type CheckResult = z.infer<typeof checkResultSchema>;

export const reportSchema = z.object({
  format: z.literal(1),
  vib: z.string(),
  sha256: z.string(),
  filter: z.object({ name: z.string(), class: z.string() }),
  /** Repeats the same random choices. */
  seed: z.number().int(),
  startedAt: z.string(),
  passed: z.boolean(),
  checks: z.array(checkResultSchema),
  /** Null when the VIB was not signed. */
  signed: z
    .object({ level: acceptanceLevelSchema, signer: z.string().nullable(), file: z.string() })
    .nullable(),
});
export type CertifyReport = z.infer<typeof reportSchema>;

const MARKS = { passed: 'pass', failed: 'FAIL', skipped: 'skip' } as const;

/** One line for each check as it ends. */
export function checkLines({
  title,
  verdict,
  reason,
  numbers,
  notes,
  ...rest
}: CheckResult): string {
  const seconds = `${(rest.milliseconds / 1000).toFixed(1)} s`;
  const lines = [`${MARKS[verdict]}  ${title.padEnd(52)} ${seconds.padStart(8)}`];
  if (reason !== null) lines.push(`      ${reason}`);
  for (const note of notes) lines.push(`      ${note}`);
  const counted = Object.entries(numbers).map(([name, value]) => `${name} ${round(value)}`);
  if (counted.length > 0) lines.push(`      ${counted.join(', ')}`);
  return lines.join('\n');
}

export function headLines({ vib, filter, seed }: Omit<CertifyReport, 'signed'>): string {
  return `Certification of ${vib}\n${filter.name}, class ${filter.class}; seed ${seed}\n`;
}

export function endLines({ passed, checks, signed }: CertifyReport): string {
  if (!passed) {
    const failed = checks.filter(({ verdict }) => verdict === 'failed');
    return `\nNot certified: ${failed.length} of ${checks.length} checks failed.`;
  }
  const all = `\nAll ${checks.length} checks passed.`;
  if (!signed) return all;
  const who = signed.signer === null ? 'not signed' : `signed by ${signed.signer}`;
  return `${all}\n${signed.level}, ${who}: ${signed.file}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
