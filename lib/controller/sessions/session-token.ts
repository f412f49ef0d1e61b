// The token of a session: 32 random bytes that only its holder has. The database keeps their
// SHA-256 alone.
import { createHash } from 'node:crypto';
import type { Random } from '../../base/random.ts';

const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** How long a session lives after its last use, in milliseconds. */
export const SESSION_MS = 12 * 60 * 60 * 1000;

export function newSessionToken(random: Random): string {
  return Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url');
}

/** What the database keeps of a token, or null when the text cannot be one. */
export function hashSessionToken(token: string): string | null {
  return TOKEN.test(token) ? createHash('sha256').update(token).digest('hex') : null;
}
