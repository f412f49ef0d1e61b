// Paths as archives and descriptors name them: relative, with "/" between plain names, nothing
// else.
import { Fault } from '../../../model/fault.ts';
import { ARCHIVE_NAME_BYTES_MAX } from '../../../model/limits.ts';

const DEPTH_MAX = 32;
const SEGMENT = /^[\x20-\x7e]+$/;

/**
 * Returns the path when it stays below the directory it is unpacked into; throws VibFormatError
 * else.
 */
export function checkPath(path: string, archive: string): string {
  const segments = path.split('/');
  const plain =
    path.length > 0 && segments.length <= DEPTH_MAX && segments.every((name) => isPlain(name));
  if (plain) return path;
  throw new Fault(
    'VibFormatError',
    `${archive} names the path ${JSON.stringify(path.slice(0, 200))}, which is not allowed.`,
  );
}

function isPlain(name: string): boolean {
  if (name === '.' || name === '..' || name.length > ARCHIVE_NAME_BYTES_MAX) return false;
  return SEGMENT.test(name) && !name.includes('\\');
}
