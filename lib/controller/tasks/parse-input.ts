// Parses what came from outside by a schema, and says in a fault what is wrong with it.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';

/** Throws `InvalidArgument` with a reason for each issue. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map((issue) => ({
    fault: 'InvalidArgument' as const,
    message: `${issue.path.join('.') || 'The input'}: ${issue.message}.`,
  }));
  throw new Fault('InvalidArgument', z.prettifyError(parsed.error), { reasons });
}
