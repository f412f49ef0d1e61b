// Tests of loading a filter's code: exactly the bytes that were installed, and only if they are a
// filter.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FilterFile, loadFilter } from './load-filter.ts';
import { withDefaults } from './open-filter.ts';

const GOOD = `export default { kind: 'total', name: 'good', class: 'cache', apiVersion: 1,
  summary: 's',
  properties: [
    { name: 'size', label: 'Size', help: '', type: 'integer', default: 8 },
    { name: 'mode', label: 'Mode', help: '', type: 'string', default: 'a' }],
  statistics: [], open() { return {}; } };`;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-load-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function fileWith(source: string): Promise<FilterFile> {
  const entryPath = join(directory, 'entry.mjs');
  await writeFile(entryPath, source);
  const entrySha256 = createHash('sha256').update(source).digest('hex');
  return { name: 'good', class: 'cache', entryPath, entrySha256 };
}

test('loads a filter and fills in the defaults of its properties', async () => {
  const definition = await loadFilter(await fileWith(GOOD));
  expect(definition.name).toBe('good');
  expect(withDefaults(definition, { size: 16, other: 1 })).toEqual({ size: 16, mode: 'a' });
});

test.each([
  ['other bytes than were installed', GOOD, { entrySha256: '0'.repeat(64) }],
  ['a missing file', GOOD, { entryPath: '/nowhere/entry.mjs' }],
  ['code that does not parse', 'export default {', {}],
  ['code that throws', 'throw new Error("no");', {}],
  ['no default export', 'export const a = 1;', {}],
  ['no open', GOOD.replace('open()', 'shut()'), {}],
  ['another api version', GOOD.replace('apiVersion: 1', 'apiVersion: 2'), {}],
  ['a partial filter that does not say why', GOOD.replace("'total'", "'partial'"), {}],
  ['another name', GOOD.replace("'good'", "'evil'"), {}],
  ['another class', GOOD.replace("'cache'", "'inspection'"), {}],
])('refuses %s', async (_, source, more) => {
  const file = { ...(await fileWith(source)), ...more };
  await expect(loadFilter(file)).rejects.toMatchObject({ fault: 'CannotOpenDisk' });
});
