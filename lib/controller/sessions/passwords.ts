// Passwords: argon2id by Node's own crypto, kept as a PHC string, so that a stored hash says how it
// was made.
import { type Argon2Parameters, argon2, timingSafeEqual } from 'node:crypto';
import type { Random } from '../../base/random.ts';

// OWASP's second recommendation for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** A PHC string for the password, with a fresh salt. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const nonce = Buffer.from(random.bytes(SALT_BYTES));
  const tag = await derive({
    message: normalise(password),
    nonce,
    memory: MEMORY_KIB,
    passes: PASSES,
    parallelism: LANES,
    tagLength: TAG_BYTES,
  });
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${encode(nonce)}$${encode(tag)}`;
}

/** Whether the password is the one that was hashed; false for a string that is no argon2id hash. */
export async function verifyPassword(phc: string, password: string): Promise<boolean> {
  const match = PHC.exec(phc);
  if (!match) return false;
  const [, memory, passes, lanes, salt = '', tag = ''] = match;
  const wanted = Buffer.from(tag, 'base64');
  const found = await derive({
    message: normalise(password),
    nonce: Buffer.from(salt, 'base64'),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(lanes),
    tagLength: wanted.length,
  });
  return timingSafeEqual(found, wanted);
}

/** One password typed on two keyboards gives the same bytes. */
function normalise(password: string): Buffer {
  return Buffer.from(password.normalize('NFKC'), 'utf8');
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

function derive(parameters: Argon2Parameters): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, tag) => (error ? reject(error) : resolve(tag)));
  });
}
