// Whether a host has a datastore's options as they are now, without either side saying them.
import { createHash } from 'node:crypto';

/** A few hexadecimal digits, alike for alike options; of a token they tell nothing of use. */
export function optionsDigest(options: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 8);
}
