// I/O filters as the inventory knows them, and the properties that a policy sets on them.
import { z } from 'zod';
import { filterClassSchema } from './filter-class-schema.ts';

/**
 * One property of a filter: the schema from which the policy form is drawn and values are checked.
 */
export const filterPropertySchema = z.object({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/),
  label: z.string().max(80),
  help: z.string().max(400),
  type: z.enum(['integer', 'boolean', 'string', 'choice']),
  /** Shown behind the field: IOPS, MiB/s, MiB, … */
  unit: z.string().max(16).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  choices: z.array(z.object({ value: z.string(), label: z.string() })).optional(),
  default: z.union([z.number(), z.boolean(), z.string()]),
  /** The controller sets it for each disk: no policy may, and no form shows it. */
  managed: z.boolean().optional(),
  /** The text is the name of one of these, or empty for the default one: the form offers them. */
  namesOf: z.enum(['keyProvider']).optional(),
});
export type FilterProperty = z.infer<typeof filterPropertySchema>;

export const filterPropertyValuesSchema = z.record(
  z.string(),
  z.union([z.number(), z.boolean(), z.string()]),
);
export type FilterPropertyValues = z.infer<typeof filterPropertyValuesSchema>;

/** One number that a filter measures; the console draws it. */
export const filterStatisticSchema = z.object({
  name: z.string(),
  label: z.string(),
  /** `counter` only grows and is shown as a rate; `gauge` is shown as it is. */
  kind: z.enum(['counter', 'gauge']),
  unit: z.string(),
});
export type FilterStatistic = z.infer<typeof filterStatisticSchema>;

/** The manifest that a filter's payload carries beside its code (filter.json). */
export const filterManifestSchema = z.object({
  /** Name of the plug-in: `trace`. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  class: filterClassSchema,
  apiVersion: z.literal(1),
  summary: z.string().max(400),
  /** Path of the ES module inside the payload. */
  entry: z.string(),
  /** SHA-256 of the entry file, hex; checked again whenever a host loads it. */
  entrySha256: z.string().regex(/^[0-9a-f]{64}$/),
  properties: z.array(filterPropertySchema).max(32),
  statistics: z.array(filterStatisticSchema).max(64),
  /** The filter's part that runs once on each host, if it has one. */
  daemon: z
    .object({
      /** Path of the ES module inside the payload. */
      entry: z.string(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    })
    .optional(),
});
export type FilterManifest = z.infer<typeof filterManifestSchema>;

/** A filter on one disk: what the host must run, in the order in which it must be called. */
export const diskFilterSchema = z.object({
  name: z.string(),
  class: filterClassSchema,
  properties: filterPropertyValuesSchema,
});
export type DiskFilter = z.infer<typeof diskFilterSchema>;

/** IoFilterInfo.id: `<vendor>_<name>_<version>`. */
export function filterId({
  vendor,
  name,
  version,
}: {
  vendor: string;
  name: string;
  version: string;
}): string {
  return `${vendor}_${name}_${version}`;
}
