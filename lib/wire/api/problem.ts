// What every refused or failed call answers with: an application/problem+json document (RFC 9457)
// that carries the fault by the vSphere API's name and all its reasons.
import { z } from 'zod';
import { faultRecordSchema } from '../../model/task.ts';

export const PROBLEM_TYPE = 'application/problem+json';

export const problemSchema = faultRecordSchema.omit({ message: true }).extend({
  /** urn:sluice:fault:<fault>. */
  type: z.string(),
  /** What the fault means, the same for every occurrence. */
  title: z.string(),
  status: z.number().int(),
  /** What happened here, in a sentence for an admin. */
  detail: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;
