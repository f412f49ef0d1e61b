// The roots that hosts and controller trust for VIBs: those of this build, and those of earlier
// ones, or what they signed could not be loaded any more.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TrustedRoot, trustedRootsSchema } from '#lib/formats/vib/trusted-roots.ts';
import { replaceFile } from './data-folder.ts';

/** Adds the roots in the folder of the build, and returns the path of the roots file. */
export function publishRoots(vibFolder: string, dataFolder: string): string {
  const rootsFile = path.join(dataFolder, 'pki', 'roots.json');
  const roots = [...readRoots(path.join(vibFolder, 'roots.json')), ...readRoots(rootsFile)];
  const byPem = new Map(roots.map((root) => [root.pem, root]));
  replaceFile(rootsFile, `${JSON.stringify([...byPem.values()], null, 2)}\n`);
  return rootsFile;
}

function readRoots(file: string): TrustedRoot[] {
  return existsSync(file) ? trustedRootsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
}
