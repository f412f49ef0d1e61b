// Seals secrets that the database keeps for other programs, such as the token of a storage
// provider: AES-256-GCM under a key derived from the installation's secret file. A copy of the
// database alone, a task's input or the change log tells nobody what they are.
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Random } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';

/** `sealed:1:` and, in base64url, a nonce of 12 bytes, a tag of 16, and the cipher text. */
const PREFIX = 'sealed:1:';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = 'aes-256-gcm';

export interface Sealer {
  /** `purpose` is bound to the text: it opens under the same one alone. */
  seal(text: string, purpose: string): string;
  /** Throws `InvalidState` for what was sealed under another secret or for another purpose. */
  open(sealed: string, purpose: string): string;
  /** A key of 32 bytes that every controller of the installation derives alike, and nobody else. */
  derive(purpose: string): Uint8Array;
}

/** `secret` is the installation's, of which only a derived key is used. */
export function createSealer(secret: Uint8Array, random: Random): Sealer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'sluice sealed secrets 1', 32));
  return {
    seal(text, purpose) {
      const nonce = random.bytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return PREFIX + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
    },
    open(sealed, purpose) {
      const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url');
      const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES, HEAD)];
      try {
        const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(purpose)).setAuthTag(tag);
        const text = Buffer.concat([decipher.update(bytes.subarray(HEAD)), decipher.final()]);
        return text.toString('utf8');
      } catch (cause) {
        const message = 'A secret in the database was sealed under another secret file.';
        throw new Fault('InvalidState', message, { cause });
      }
    },
    derive(purpose) {
      return new Uint8Array(hkdfSync('sha256', secret, '', `sluice derived 1 ${purpose}`, 32));
    },
  };
}

const HEAD = NONCE_BYTES + TAG_BYTES;

export function isSealed(text: string): boolean {
  return text.startsWith(PREFIX);
}
