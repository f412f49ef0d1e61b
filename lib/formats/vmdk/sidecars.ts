// `ddb.sidecars` of a VMDK descriptor: the sidecar files of the disk's I/O filters,
// `filter:file,filter:file`, the file names percent-encoded as in a URI.
import { FormatError } from '../format-error.ts';
import type { VmdkDescriptor } from './descriptor.ts';

const KEY = 'sidecars';

/** File name beside the descriptor, by the name of the filter. Throws FormatError. */
export function sidecars(descriptor: VmdkDescriptor): Map<string, string> {
  const files = new Map<string, string>();
  const value = descriptor.ddb.get(KEY) ?? '';
  for (const pair of value.split(',').filter((each) => each !== '')) {
    const match = /^([a-z0-9][a-z0-9-]*):([^:]+)$/i.exec(pair);
    const [, filter = '', encoded = ''] = match ?? [];
    const fileName = decode(encoded);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
    if (!match || fileName === '' || /[/\\\u0000-\u001f\u007f]/.test(fileName)) {
      throw new FormatError(`"${pair}" in ddb.sidecars names no sidecar beside the descriptor.`);
    }
    if (files.has(filter)) throw new FormatError(`ddb.sidecars names ${filter} twice.`);
    files.set(filter, fileName);
  }
  return files;
}

/** The same descriptor with these sidecars; the key goes when there are none. */
export function withSidecars(
  descriptor: VmdkDescriptor,
  files: ReadonlyMap<string, string>,
): VmdkDescriptor {
  const ddb = new Map(descriptor.ddb);
  ddb.delete(KEY);
  const pairs = [...files].map(([filter, name]) => `${filter}:${encodeURIComponent(name)}`);
  if (pairs.length > 0) ddb.set(KEY, pairs.join(','));
  return { ...descriptor, ddb };
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    // A stray percent sign: what is not encoded names nothing.
    return '';
  }
}
