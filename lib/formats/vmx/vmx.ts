// VMX: a virtual machine's configuration as lines `key = "value"`. Keys are compared without case
// and keep their spelling and order; in values a quote, a bar and control characters are written
// |22, |7C, |0A (hexadecimal). At most 256 KiB and 4096 keys. docs/formats/vmx.md lists the keys
// that we write.
import { FormatError } from '../format-error.ts';

export const VMX_BYTES_MAX = 256 * 1024;
const VMX_KEYS_MAX = 4096;

const KEY = /^[A-Za-z_.][\w.:-]{0,127}$/;

/** The entries in their order. Use `vmxValue` to look one up without regard to case. */
export type Vmx = ReadonlyMap<string, string>;

export function vmxValue(vmx: Vmx, key: string): string | null {
  const exact = vmx.get(key);
  if (exact !== undefined) return exact;
  const wanted = key.toLowerCase();
  for (const [name, value] of vmx) if (name.toLowerCase() === wanted) return value;
  return null;
}

/** Throws a FormatError with the line number on anything but entries, comments and empty lines. */
export function parseVmx(bytes: Uint8Array): Vmx {
  if (bytes.length > VMX_BYTES_MAX) {
    throw new FormatError(`The configuration is larger than ${VMX_BYTES_MAX} bytes.`);
  }
  const entries = new Map<string, string>();
  const seen = new Set<string>();
  for (const [index, raw] of decode(bytes)
    .split(/\r\n|\n/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([^\s=]+)\s*=\s*"([^"]*)"$/.exec(line);
    const [, key = '', value = ''] = match ?? [];
    if (!match || !KEY.test(key)) {
      throw new FormatError('The line is not of the form key = "value".', index + 1);
    }
    if (seen.has(key.toLowerCase())) throw new FormatError(`${key} stands twice.`, index + 1);
    seen.add(key.toLowerCase());
    if (seen.size > VMX_KEYS_MAX) throw new FormatError('There are too many keys.', index + 1);
    entries.set(key, decodeValue(value));
  }
  return entries;
}

/** Throws a FormatError for keys that could not be read back, or when the whole is too large. */
export function formatVmx(vmx: Vmx): Uint8Array {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const [key, value] of vmx) {
    if (!KEY.test(key)) throw new FormatError(`"${key}" cannot be a key.`);
    if (seen.has(key.toLowerCase())) throw new FormatError(`${key} stands twice.`);
    seen.add(key.toLowerCase());
    lines.push(`${key} = "${encodeValue(value)}"\n`);
  }
  const bytes = new TextEncoder().encode(lines.join(''));
  if (bytes.length > VMX_BYTES_MAX || seen.size > VMX_KEYS_MAX) {
    throw new FormatError('The configuration is too large.');
  }
  return bytes;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`The configuration is not UTF-8 text (${String(cause)}).`);
  }
}

function encodeValue(value: string): string {
  return value.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
    /[|"\u0000-\u001f\u007f]/g,
    (character) => `|${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function decodeValue(value: string): string {
  return value.replace(/\|([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
