// Makes a module of crash points around the filter on trial. The packaged code is in it byte by
// byte, with its own name in stack traces.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LaunchFilter } from '#host/world/launch.ts';
import { launchFilterOf } from '#host/world/world-harness.ts';
import { bundleNamed } from '#scripts/build-vibs/bundle-module.ts';
import { withCrashPoints } from './crash-points.ts';

const CRASH_POINTS = new URL('./crash-points.ts', import.meta.url).pathname;

/** The same filter under the same name, as another file in the folder. */
export async function instrument(filter: LaunchFilter, folder: string): Promise<LaunchFilter> {
  const { name, entryPath, entrySha256 } = filter;
  const module = await readFile(entryPath);
  const named = Buffer.concat([module, Buffer.from(`\n//# sourceURL=filter:${name}\n`)]);
  const source = [
    `import wrap from '${dataUrl(await bundleNamed(CRASH_POINTS, withCrashPoints.name))}';`,
    `import filter from '${dataUrl(named)}';`,
    'export default wrap(filter);',
  ].join('\n');
  const target = path.join(folder, `instrumented-${entrySha256}.js`);
  await writeFile(target, source);
  const made = await launchFilterOf(target, { name, class: filter.class });
  return { ...filter, entryPath: target, entrySha256: made.entrySha256 };
}

function dataUrl(module: Uint8Array): string {
  return `data:text/javascript;base64,${Buffer.from(module).toString('base64')}`;
}
