// The key that a pairing code stands for: HKDF-SHA-256 of its letters and digits in capitals, with
// the salt `sluice pairing` and the purpose `psk`.
import { hkdfSync } from 'node:crypto';

/** Of a key that two parties share, in bytes. */
export const PSK_BYTES = 32;

/** However the code was typed. */
export function keyOfCode(code: string): Uint8Array {
  const letters = code.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  return new Uint8Array(hkdfSync('sha256', letters, 'sluice pairing', 'psk', PSK_BYTES));
}
