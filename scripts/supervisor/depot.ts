// Puts what `npm run build:vibs` made where the product looks for it: VIBs in the depot, trusted
// roots beside it.
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Copies VIBs that the depot lacks, and the roots; returns the path of the roots file. */
export function publishDepot(projectRoot: string, dataFolder: string): string {
  const built = path.join(projectRoot, '.build', 'vibs');
  const depot = path.join(dataFolder, 'depot', 'vibs');
  const roots = path.join(dataFolder, 'pki', 'roots.json');
  for (const folder of [depot, path.dirname(roots)]) mkdirSync(folder, { recursive: true });
  for (const name of existsSync(built) ? readdirSync(built) : []) {
    if (name.endsWith('.vib')) copyFileSync(path.join(built, name), path.join(depot, name));
  }
  return roots;
}
