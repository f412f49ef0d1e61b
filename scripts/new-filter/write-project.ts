// Writes the files of a new filter, among them a copy of the SDK: so the project builds the same
// whatever becomes of this checkout.
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '#lib/model/fault.ts';
import { filterSource, testSource } from './filter-source.ts';
import type { ProjectSettings } from './project-settings.ts';
import { packageJson, readme, tsconfigJson, vibJson } from './project-texts.ts';

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const VENDOR = /^[A-Za-z0-9]{2,16}$/;
/** What a filter and its test may use, with what these use themselves. */
const SDK_FOLDER = 'filter-sdk';
const SDK_NEEDS = ['base/assert.ts', 'base/crc32c.ts'];

/** Throws InvalidArgument for a bad name, AlreadyExists when the folder is not empty. */
export async function writeProject(settings: ProjectSettings): Promise<void> {
  const { directory, name, vendor, sluiceRoot } = settings;
  if (!NAME.test(name)) {
    const rule = 'small letters, digits and hyphens, at most 32, a letter first';
    throw new Fault('InvalidArgument', `${name} is no name of a filter: ${rule}.`);
  }
  if (!VENDOR.test(vendor)) {
    throw new Fault(
      'InvalidArgument',
      `${vendor} is no vendor's code: 2 to 16 letters and digits.`,
    );
  }
  await requireEmpty(directory);
  const files: Record<string, string> = {
    'package.json': packageJson(settings),
    'tsconfig.json': tsconfigJson(sluiceRoot),
    'vib.json': vibJson(settings),
    'index.ts': filterSource(settings),
    [`${name}.test.ts`]: testSource(settings),
    'README.md': readme(settings),
    '.gitignore': 'dist/\n',
  };
  for (const [file, text] of Object.entries(files)) {
    await writeFile(path.join(directory, file), text);
  }
  for (const file of await sdkFiles(sluiceRoot)) {
    const target = path.join(directory, 'sdk', file);
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(path.join(sluiceRoot, 'lib', file), target);
  }
}

/** Below `lib`. */
async function sdkFiles(sluiceRoot: string): Promise<string[]> {
  const names = await readdir(path.join(sluiceRoot, 'lib', SDK_FOLDER));
  const ours = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  return [...ours.map((name) => path.join(SDK_FOLDER, name)), ...SDK_NEEDS];
}

async function requireEmpty(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const there = await readdir(directory);
  if (there.length === 0) return;
  throw new Fault('AlreadyExists', `${directory} is not empty: it has ${there[0]}.`);
}
