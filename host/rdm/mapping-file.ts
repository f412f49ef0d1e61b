// The mapping file of a raw device mapping: text lines `key=value` that say which device is meant.
// docs/formats/rdm.md has the format.
import { FormatError } from '#lib/formats/format-error.ts';

export const MAPPING_BYTES_MAX = 8 * 1024;
const TARGET_LENGTH_MAX = 4096;
const FIRST_LINE = '# Raw device mapping';

export interface RawDeviceMapping {
  /** Absolute path of a block device or file, or an NBD URI. */
  target: string;
  /** Size that the device had when it was mapped, in sectors of 512 bytes. */
  sectors: number;
}

/** Throws a FormatError with the line number on anything but a whole mapping. */
export function parseMapping(text: string): RawDeviceMapping {
  const lines = text.split('\n').map((line) => line.trim());
  if (lines[0] !== FIRST_LINE) {
    throw new FormatError(`The file does not begin with "${FIRST_LINE}".`, 1);
  }
  const values = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([a-z]+)=(?:"([^"]*)"|(\d{1,16}))$/.exec(line);
    const key = match?.[1] ?? '';
    if (match === null || values.has(key)) {
      throw new FormatError('The line is no key with its value, or stands twice.', index + 1);
    }
    values.set(key, match[2] ?? match[3] ?? '');
  }
  const [version, target = '', sectorText] = ['version', 'target', 'sectors'].map((key) =>
    values.get(key),
  );
  const sectors = Number(sectorText ?? 0);
  if (version !== '1') throw new FormatError('Only mappings of version 1 are known.');
  if (values.size !== 3) throw new FormatError('A mapping has version, target and sectors.');
  requireTarget(target);
  if (!Number.isSafeInteger(sectors) || sectors < 1) {
    throw new FormatError(`A device of ${sectors} sectors cannot be.`);
  }
  return { target, sectors };
}

export function formatMapping({ target, sectors }: RawDeviceMapping): string {
  requireTarget(target);
  return `${FIRST_LINE}\nversion=1\ntarget="${target}"\nsectors=${sectors}\n`;
}

function requireTarget(target: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  const bad = /["\u0000-\u001f\u007f]/.test(target);
  if (bad || target === '' || target.length > TARGET_LENGTH_MAX) {
    throw new FormatError('The target of a mapping is a path or an address on one line.');
  }
}
