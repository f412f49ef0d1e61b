// The program of a VM's process as one file: the same code, which starts in half the time. Hundreds
// of them are started for one certification.
import path from 'node:path';
import { build } from 'esbuild';

const WORLD_MAIN = new URL('../../../host/world/world-main.ts', import.meta.url).pathname;
/** For packages that are no ES modules. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** The file, in the folder. */
export async function bundleWorld(folder: string): Promise<string> {
  const outfile = path.join(folder, 'world.mjs');
  await build({
    ...{ entryPoints: [WORLD_MAIN], outfile, bundle: true, banner: { js: REQUIRE } },
    ...{ format: 'esm', platform: 'node', target: 'es2023', charset: 'utf8', logLevel: 'silent' },
  });
  return outfile;
}
