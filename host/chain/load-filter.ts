// Loads a filter: its code as it was installed, and only if that is the filter that is wanted.
import { z } from 'zod';
import type { FilterDefinition } from '#lib/filter-sdk/filter.ts';
import { filterPropertySchema, filterStatisticSchema } from '#lib/model/filter.ts';
import type { FilterClass } from '#lib/model/filter-class.ts';
import { filterClassSchema } from '#lib/model/filter-class-schema.ts';
import { type CodeFile, cannotLoad, loadCode } from './load-code.ts';

export interface FilterFile extends CodeFile {
  class: FilterClass;
}

const identity = {
  name: z.string(),
  class: filterClassSchema,
  apiVersion: z.literal(1),
  summary: z.string(),
  properties: z.array(filterPropertySchema),
  statistics: z.array(filterStatisticSchema),
};
const openSchema = z.custom<FilterDefinition['open']>((value) => typeof value === 'function');
const definitionSchema = z.discriminatedUnion('kind', [
  z.object({ ...identity, kind: z.literal('total'), open: openSchema }),
  z.object({
    ...identity,
    kind: z.literal('partial'),
    safeBecause: z.string().min(1),
    open: openSchema,
  }),
]);

/**
 * Throws `CannotOpenDisk` saying which filter and why: missing, other bytes, no filter, another
 * filter.
 */
export async function loadFilter(file: FilterFile): Promise<FilterDefinition> {
  const exported = await loadCode(file);
  const definition = definitionSchema.safeParse(exported);
  if (!definition.success) {
    throw cannotLoad(file, `it is no filter: ${z.prettifyError(definition.error)}`);
  }
  if (definition.data.name !== file.name || definition.data.class !== file.class) {
    const { name, class: filterClass } = definition.data;
    throw cannotLoad(file, `the code calls itself ${name} of the class ${filterClass}`);
  }
  // The module's own object, not the parsed copy: `open` may use `this`.
  return exported as FilterDefinition;
}
