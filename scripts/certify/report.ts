// The report of a certification: for people as text, for machines as JSON.
import { z } from 'zod';
import { acceptanceLevelSchema } from '#lib/model/vib.ts';

const checkResultSchema = z.object({
  id: z.string().describe('Stable: model, flush, …'),
  title: z.string().describe('For people'),
  verdict: z.enum(['passed', 'failed', 'skipped']),
  reason: z.string().nullable().describe('Why it failed, or was skipped; null when it passed'),
  numbers: z.record(z.string(), z.number()).describe('What was counted or measured, by name'),
  notes: z.array(z.string()).describe('What a reader should know, a sentence each'),
  milliseconds: z.number().describe('How long it took'),
});
export type CheckResult = z.infer<typeof checkResultSchema>;

/** Also in docs/filter-sdk/report.schema.json, which a test compares. */
export const reportSchema = z.object({
  format: z.literal(1).describe('Of this report; another number is read in another way'),
  vib: z.string().describe('vendor_type_name_version'),
  sha256: z.string().describe('Of the VIB that was tried, hexadecimal'),
  filter: z.object({ name: z.string(), class: z.string() }),
  seed: z.number().int().describe('Repeats the same random choices'),
  startedAt: z.string().describe('ISO 8601'),
  passed: z.boolean().describe('Every check that was run has passed'),
  checks: z.array(checkResultSchema).describe('In the order in which they ran'),
  signed: z
    .object({
      level: acceptanceLevelSchema,
      signer: z.string().nullable().describe('Of the certificate; null when nobody signs'),
      file: z.string().describe('The signed VIB'),
    })
    .nullable()
    .describe('Null when the VIB was not signed'),
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
