// The manifest of an OVF package (.mf): a line `SHA256(name)= hex` for each file, with SHA1, SHA256
// or SHA512. At most 1 MiB.
import { FormatError } from '../format-error.ts';

export const MANIFEST_BYTES_MAX = 1024 * 1024;

export interface ManifestEntry {
  name: string;
  /** As node:crypto calls it. */
  algorithm: 'sha1' | 'sha256' | 'sha512';
  /** Hexadecimal, lower case. */
  digest: string;
}

const DIGITS = { sha1: 40, sha256: 64, sha512: 128 } as const;

/** Throws a FormatError with the line number on anything but such lines. */
export function parseManifest(bytes: Uint8Array): ManifestEntry[] {
  if (bytes.length > MANIFEST_BYTES_MAX) throw new FormatError('The manifest is too large.');
  const entries: ManifestEntry[] = [];
  for (const [index, line] of new TextDecoder()
    .decode(bytes)
    .split(/\r\n|\n/)
    .entries()) {
    if (line.trim() === '') continue;
    const match = /^(SHA1|SHA256|SHA512) ?\(([^()]{1,255})\) ?= ?([0-9a-f]+)\s*$/i.exec(line);
    const [, word = '', name = '', digest = ''] = match ?? [];
    const algorithm = algorithmOf(word);
    if (!algorithm || digest.length !== DIGITS[algorithm]) {
      throw new FormatError(
        'The line of the manifest is not of the form SHA256(name)= hex.',
        index + 1,
      );
    }
    entries.push({ name, algorithm, digest: digest.toLowerCase() });
  }
  return entries;
}

function algorithmOf(word: string): ManifestEntry['algorithm'] | null {
  const name = word.toLowerCase();
  return name === 'sha1' || name === 'sha256' || name === 'sha512' ? name : null;
}
