// Puts what `npm run build:vibs` made where the product looks for it: VIBs in the depot, trusted
// roots beside it. A root stays trusted after a rebuild, or what it signed could not be loaded.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TrustedRoot, trustedRootsSchema } from '#lib/formats/vib/trusted-roots.ts';
import { replaceFile } from './data-folder.ts';

/** Copies the VIBs, and adds the roots; returns the path of the roots file. */
export function publishDepot(projectRoot: string, dataFolder: string): string {
  const built = path.join(projectRoot, '.build', 'vibs');
  const depot = path.join(dataFolder, 'depot', 'vibs');
  mkdirSync(depot, { recursive: true });
  for (const name of existsSync(built) ? readdirSync(built) : []) {
    if (name.endsWith('.vib')) copyFileSync(path.join(built, name), path.join(depot, name));
  }
  const rootsFile = path.join(dataFolder, 'pki', 'roots.json');
  const roots = [...readRoots(path.join(built, 'roots.json')), ...readRoots(rootsFile)];
  const byPem = new Map(roots.map((root) => [root.pem, root]));
  replaceFile(rootsFile, `${JSON.stringify([...byPem.values()], null, 2)}\n`);
  return rootsFile;
}

function readRoots(file: string): TrustedRoot[] {
  return existsSync(file) ? trustedRootsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
}
