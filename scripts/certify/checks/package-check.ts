// Is the package whole: one module without imports, that says of itself what filter.json says?
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
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
});
type Described = z.infer<typeof describedSchema>;

export const packageCheck: Check = {
  id: 'package',
  title: 'The package is whole',
  async run({ candidate }: CheckContext): Promise<Outcome> {
    const imported = await importsOf(candidate.module);
    if (imported.length > 0) {
      const names = imported.join(', ');
      throw new Failure(`The module imports ${names}; it must be one file without imports.`);
    }
    const described = await askModule(candidate.launch.entryPath);
    requireSame(described, candidate.manifest);
    for (const property of candidate.manifest.properties) requireSense(property);
    requireDistinct('properties', candidate.manifest.properties);
    requireDistinct('statistics', candidate.manifest.statistics);
    const notes = [`${described.kind} filter of the class ${described.class}`];
    if (described.safeBecause) notes.push(`Partial, because: ${described.safeBecause}`);
    return { numbers: { moduleBytes: candidate.module.length }, notes };
  },
};

/** What the module's default export says, asked in a process of its own. */
async function askModule(entryPath: string): Promise<Described> {
  const args = [DESCRIBE_MAIN, entryPath];
  const said = await run(process.execPath, args, { timeout: DESCRIBE_MS }).catch(
    (thrown: unknown) => {
      throw new Failure(`The module does not load: ${lastLine(thrown)}`);
    },
  );
  const described = describedSchema.safeParse(JSON.parse(said.stdout));
  if (described.success) return described.data;
  throw new Failure(`The default export is no filter: ${z.prettifyError(described.error)}`);
}

function requireSame(described: Described, manifest: FilterManifest): void {
  for (const name of ['name', 'class', 'apiVersion', 'summary'] as const) {
    if (described[name] === manifest[name]) continue;
    const says = `${described[name]}; filter.json says ${manifest[name]}`;
    throw new Failure(`The module gives its ${name} as ${says}.`);
  }
  for (const name of ['properties', 'statistics'] as const) {
    if (JSON.stringify(described[name]) === JSON.stringify(manifest[name])) continue;
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

function lastLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return (
    text
      .trim()
      .split('\n')
      .findLast((line) => /\w/.test(line)) ?? ''
  );
}
