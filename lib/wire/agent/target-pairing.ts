// How a replication target and who uses it know each other: TLS with a key that both have, under
// the name of the pairing. Who has no key yet calls itself `pair`, with the key that a code stands
// for; who manages puts a word before the pairing's name.
import { z } from 'zod';

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
