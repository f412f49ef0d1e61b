// Is the package whole: one module without imports, that says of itself what filter.json says?
import { execFile } from 'node:child_process';
import { isDeepStrictEqual, promisify } from 'node:util';
import { z } from 'zod';
import type { FilterManifest, FilterProperty } from '#lib/model/filter.ts';
import { importsOf } from '#scripts/build-vibs/bundle-module.ts';
import type { Check, CheckContext, Outcome } from '../check.ts';
import { Failure } from '../lab/trial.ts';

const run = promisify(execFile);
const DESCRIBE_MAIN = new URL('../lab/describe-main.ts', import.meta.url).pathname;
const DESCRIBE_MS = 15_000;

const describedSchema = z.object({
  kind: z.enum(['total', 'partial']),
  safeBecause: z.string().optional(),
  name: z.string(),
  class: z.string(),
  apiVersion: z.number(),
  summary: z.string(),
  properties: z.array(z.unknown()),
  statistics: z.array(z.unknown()),
  open: z.literal('function'),
});
const describedDaemonSchema = z.object({
  name: z.string(),
  apiVersion: z.literal(1),
  start: z.literal('function'),
});
type Described = z.infer<typeof describedSchema>;

export const packageCheck: Check = {
  id: 'package',
  title: 'The package is whole',
  async run({ candidate }: CheckContext): Promise<Outcome> {
    await requireNoImports('The module', candidate.module);
    const path = candidate.launch.entryPath;
    const described = parsed('a filter', describedSchema, await askModule('The module', path));
    requireSame(described, candidate.manifest);
    for (const property of candidate.manifest.properties) requireSense(property);
    requireDistinct('properties', candidate.manifest.properties);
    requireDistinct('statistics', candidate.manifest.statistics);
    if (candidate.daemon) await checkDaemon(candidate.daemon, candidate.manifest.name);
    const notes = [`${described.kind} filter of the class ${described.class}`];
    if (described.safeBecause) notes.push(`Partial, because: ${described.safeBecause}`);
    return { numbers: { moduleBytes: candidate.module.length }, notes };
  },
};

async function checkDaemon(
  daemon: NonNullable<CheckContext['candidate']['daemon']>,
  filter: string,
): Promise<void> {
  await requireNoImports("The daemon's module", daemon.module);
  const said = await askModule("The daemon's module", daemon.path);
  const { name } = parsed('a daemon', describedDaemonSchema, said);
  if (name === filter) return;
  throw new Failure(`The daemon calls itself ${name}; it has to have the name of its filter.`);
}

async function requireNoImports(what: string, module: Uint8Array): Promise<void> {
  const imported = await importsOf(module).catch((thrown: unknown) => {
    throw new Failure(`${what} is no JavaScript: ${firstLine(thrown)}`);
  });
  if (imported.length === 0) return;
  const names = imported.join(', ');
  throw new Failure(`${what} imports ${names}; it must be one file without imports.`);
}

/** What a module's default export says, asked in a process of its own. */
async function askModule(what: string, path: string): Promise<unknown> {
  const args = [DESCRIBE_MAIN, path];
  const said = await run(process.execPath, args, { timeout: DESCRIBE_MS }).catch(
    (thrown: unknown) => {
      throw new Failure(`${what} does not load: ${lastLine(thrown)}`);
    },
  );
  return JSON.parse(said.stdout);
}

function parsed<T>(what: string, schema: z.ZodType<T>, said: unknown): T {
  const result = schema.safeParse(said);
  if (result.success) return result.data;
  throw new Failure(`The default export is not ${what}: ${z.prettifyError(result.error)}`);
}

function requireSame(described: Described, manifest: FilterManifest): void {
  for (const name of ['name', 'class', 'apiVersion', 'summary'] as const) {
    if (described[name] === manifest[name]) continue;
    const says = `${described[name]}; filter.json says ${manifest[name]}`;
    throw new Failure(`The module gives its ${name} as ${says}.`);
  }
  for (const name of ['properties', 'statistics'] as const) {
    // In whatever order the fields of each stand.
    if (isDeepStrictEqual(described[name], manifest[name])) continue;
    throw new Failure(`The module and filter.json name different ${name}.`);
  }
  if (described.kind === 'partial' && !described.safeBecause?.trim()) {
    throw new Failure('A partial filter has to say why that is safe.');
  }
}

function requireSense(property: FilterProperty): void {
  const { name, type, minimum = -Infinity, maximum = Infinity } = property;
  const given = property.default;
  const wanted = { integer: 'number', boolean: 'boolean', string: 'string', choice: 'string' };
  if (typeof given !== wanted[type]) {
    throw new Failure(`The default of the property ${name} is no ${type}.`);
  }
  if (typeof given === 'number' && (given < minimum || given > maximum)) {
    throw new Failure(`The default of the property ${name} is outside its own limits.`);
  }
  const choices = property.choices ?? [];
  if (type === 'choice' && !choices.some(({ value }) => value === given)) {
    throw new Failure(`The default of the property ${name} is none of its choices.`);
  }
}

function requireDistinct(what: string, list: readonly { name: string }[]): void {
  const names = list.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new Failure(`Two of its ${what} are called ${twice}.`);
}

function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
}

function lastLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return (
    text
      .trim()
      .split('\n')
      .findLast((line) => /\w/.test(line)) ?? ''
  );
}
