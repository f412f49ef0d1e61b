// What a vSAN object consists of, as each of its components keeps it: two copies of the data and a
// witness, each with one vote. A configuration counts when a majority of the votes has written it
// down; the one with the highest stamp is the present one.
import { z } from 'zod';

const componentSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  /** The host that keeps it. */
  nodeId: z.string().min(1).max(100),
  role: z.enum(['data', 'witness']),
  /** `stale`: it may lack acknowledged writes, and must be resynchronised before it serves. */
  state: z.enum(['active', 'stale']),
  /** Wall time in milliseconds when it became what it is; for people and for the rebuild delay. */
  since: z.number(),
});
export type Component = z.infer<typeof componentSchema>;

export const objectConfigSchema = z.object({
  /** The owner that wrote it, and its number among those of that owner. */
  term: z.number().int().min(0),
  number: z.number().int().min(0),
  sizeBytes: z.number().int().positive(),
  /** A thick disk: each copy has all of its space from the beginning. */
  reserved: z.boolean().default(false),
  components: z.array(componentSchema).min(1).max(9),
});
export type ObjectConfig = z.infer<typeof objectConfigSchema>;

export const objectUuidSchema = z.uuid();

export function isNewer(a: ObjectConfig, b: ObjectConfig): boolean {
  return a.term > b.term || (a.term === b.term && a.number > b.number);
}

/** Whether these components have more than half of the votes. */
export function isMajority(config: ObjectConfig, ids: ReadonlySet<string>): boolean {
  const votes = config.components.filter(({ id }) => ids.has(id)).length;
  return votes * 2 > config.components.length;
}

export function activeIds({ components }: ObjectConfig): string[] {
  return components
    .filter(({ role, state }) => role === 'data' && state === 'active')
    .map(({ id }) => id);
}

/**
 * The configuration with some data components in another state; the same object when they are in it
 * already.
 */
export function withState(
  config: ObjectConfig,
  ids: readonly string[],
  { state, at }: { state: Component['state']; at: number },
): ObjectConfig {
  const concerned = ({ id, role, state: now }: Component): boolean =>
    ids.includes(id) && role === 'data' && now !== state;
  if (!config.components.some(concerned)) return config;
  const components = config.components.map((component) =>
    concerned(component) ? { ...component, state, since: at } : component,
  );
  return { ...config, components };
}
