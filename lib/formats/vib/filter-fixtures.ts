// A filter's files as a VIB's payload holds them, for tests.
import { createHash } from 'node:crypto';
import type { FilterClass } from '../../model/filter-class.ts';
import type { ArchiveFile } from './archive/tar.ts';
import { textFile } from './vib-fixtures.ts';

export function makeFilterFiles(
  name: string,
  filterClass: FilterClass,
  code: { filter?: string; daemon?: string } = {},
): ArchiveFile[] {
  const directory = `usr/lib/vmware/plugin/${name}`;
  const source = code.filter ?? `export default { name: '${name}' };\n`;
  const module = textFile(`${directory}/filter.js`, source);
  const daemon = code.daemon ? textFile(`${directory}/daemon.mjs`, code.daemon) : null;
  const manifest = {
    name,
    class: filterClass,
    apiVersion: 1,
    summary: 'A filter for tests',
    entry: module.path,
    entrySha256: sha256(module),
    properties: [],
    statistics: [],
    daemon: daemon ? { entry: daemon.path, sha256: sha256(daemon) } : undefined,
  };
  const files = [module, textFile(`${directory}/filter.json`, JSON.stringify(manifest))];
  return daemon ? [...files, daemon] : files;
}

function sha256({ bytes }: ArchiveFile): string {
  return createHash('sha256').update(bytes).digest('hex');
}
