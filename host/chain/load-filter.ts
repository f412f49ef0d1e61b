// Loads a filter's code: reads the file once, checks its SHA-256, and imports exactly the bytes
// that were hashed.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { FilterDefinition } from '#lib/filter-sdk/filter.ts';
import { Fault } from '#lib/model/fault.ts';
import { filterPropertySchema, filterStatisticSchema } from '#lib/model/filter.ts';
import type { FilterClass } from '#lib/model/filter-class.ts';
import { filterClassSchema } from '#lib/model/filter-class-schema.ts';

/** Largest entry file that is loaded, in bytes. */
const ENTRY_BYTES_MAX = 16 * 1024 * 1024;

export interface FilterFile {
  name: string;
  class: FilterClass;
  /**
   * Absolute path of the ES module. It is self-contained: it imports nothing but Node's own
   * modules.
   */
  entryPath: string;
  /** Hex. */
  entrySha256: string;
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
  const bytes = await readFile(file.entryPath).catch((cause: unknown) => {
    throw refusal(file, `its code cannot be read (${String(cause)})`, cause);
  });
  if (bytes.length > ENTRY_BYTES_MAX) throw refusal(file, 'its code is too large');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== file.entrySha256) {
    throw refusal(file, 'its code is not what was installed: the SHA-256 differs');
  }
  const exported = await importBytes(bytes).catch((cause: unknown) => {
    throw refusal(file, `its code does not load (${String(cause)})`, cause);
  });
  const definition = definitionSchema.safeParse(exported);
  if (!definition.success) {
    throw refusal(file, `it is no filter: ${z.prettifyError(definition.error)}`);
  }
  if (definition.data.name !== file.name || definition.data.class !== file.class) {
    const { name, class: filterClass } = definition.data;
    throw refusal(file, `the code calls itself ${name} of the class ${filterClass}`);
  }
  // The module's own object, not the parsed copy: `open` may use `this`.
  return exported as FilterDefinition;
}

async function importBytes(bytes: Buffer): Promise<unknown> {
  const url = `data:text/javascript;base64,${bytes.toString('base64')}`;
  const module_: { default?: unknown } = await import(url);
  return module_.default;
}

function refusal({ name }: FilterFile, why: string, cause?: unknown): Fault {
  return new Fault('CannotOpenDisk', `The I/O filter ${name} cannot be loaded: ${why}.`, { cause });
}
