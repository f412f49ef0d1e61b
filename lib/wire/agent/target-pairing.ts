// How a replication target and who uses it know each other: TLS with a key that both have, under
// the name of the pairing. Who has no key yet calls itself `pair`, with the key that a code stands
// for; who manages puts a word before the pairing's name.
import { hkdfSync } from 'node:crypto';
import { z } from 'zod';

/** Of a key, in bytes. */
export const PSK_BYTES = 32;
export const PSK_SUITES = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  maxVersion: 'TLSv1.2',
} as const;
/** Who calls itself so has a code and no key yet. */
export const PAIRING_IDENTITY = 'pair';
const CALLS_PREFIX = 'calls:';

/** What a source has of a pairing; the key is hexadecimal. */
export const pairingSchema = z.object({
  id: z.string().min(1).max(128),
  key: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Pairing = z.infer<typeof pairingSchema>;

/** The identity of a connection for calls (target-rpc.ts), not for records. */
export function callsIdentity(pairing: string): string {
  return CALLS_PREFIX + pairing;
}

/** The pairing of a connection for calls; null for any other connection. */
export function pairingOfCalls(identity: string): string | null {
  return identity.startsWith(CALLS_PREFIX) ? identity.slice(CALLS_PREFIX.length) : null;
}

/** The key that a code stands for, however it was typed. */
export function keyOfCode(code: string): Uint8Array {
  const letters = code.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  return new Uint8Array(hkdfSync('sha256', letters, 'sluice pairing', 'psk', PSK_BYTES));
}
