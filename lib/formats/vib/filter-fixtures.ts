// A filter's two files as a VIB's payload holds them, for tests.
import { createHash } from 'node:crypto';
import type { FilterClass } from '../../model/filter-class.ts';
import type { ArchiveFile } from './archive/tar.ts';
import { textFile } from './vib-fixtures.ts';

export function makeFilterFiles(name: string, filterClass: FilterClass): ArchiveFile[] {
  const directory = `usr/lib/vmware/plugin/${name}`;
  const module = textFile(`${directory}/filter.js`, `export default { name: '${name}' };\n`);
  const manifest = {
    name,
    class: filterClass,
    apiVersion: 1,
    summary: 'A filter for tests',
    entry: module.path,
    entrySha256: createHash('sha256').update(module.bytes).digest('hex'),
    properties: [],
    statistics: [],
  };
  return [module, textFile(`${directory}/filter.json`, JSON.stringify(manifest))];
}
