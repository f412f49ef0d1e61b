// Whether a host has a datastore's options as they are now, without either side saying them.

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Eight hexadecimal digits, alike for alike options (FNV-1a, 32 bits). Of a token that is random
 * they tell nothing of use.
 */
export function optionsDigest(options: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(JSON.stringify(sorted))) {
    hash = Math.imul(hash ^ byte, FNV_PRIME);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
