// A sealed box, in which keys travel to a host: X25519 between a key pair that the host made at its
// start and one of the sender for this message alone, HKDF-SHA-256, AES-256-GCM. What was recorded
// cannot be opened by anybody once the host was started again.
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  type DecipherGCM,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { Random } from '../../base/random.ts';
import { FormatError } from '../format-error.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PIECE_BYTES = 16;
/** What stands before 32 bytes of a private key in PKCS #8 (RFC 8410). */
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** All base64. */
export interface Sealed {
  /** The sender's public key. */
  sender: string;
  /** 12 bytes. */
  nonce: string;
  /** The tag of 16 bytes, and the cipher text. */
  sealed: string;
}

export interface ToSeal {
  /** Overwrite them after the call. */
  bytes: Uint8Array;
  /** What they are for; they open for that alone. */
  purpose: string;
  /** Of the box: X25519 as SubjectPublicKeyInfo, base64. */
  publicKey: string;
  random: Random;
}

/** Throws FormatError when the public key is none. */
export function seal({ bytes, purpose, publicKey, random }: ToSeal): Sealed {
  const own = newPrivateKey(random);
  const sender = publicText(own);
  const key = agreedKey(own, publicKey, [sender, publicKey]);
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(purpose));
  const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const sealed = Buffer.concat([cipher.getAuthTag(), body]).toString('base64');
  return { sender, nonce: Buffer.from(nonce).toString('base64'), sealed };
}

/** Of a host or a VM's process, made at its start and kept in memory alone. */
export class SealedBox {
  readonly #own: KeyObject;
  readonly publicKey: string;

  constructor(random: Random) {
    this.#own = newPrivateKey(random);
    this.publicKey = publicText(this.#own);
  }

  /**
   * The bytes, to be overwritten when they are done with. Throws FormatError for what was sealed
   * for another box or purpose, or changed.
   */
  open(purpose: string, { sender, nonce, sealed }: Sealed): Uint8Array {
    const bytes = Buffer.from(sealed, 'base64');
    const key = agreedKey(this.#own, sender, [sender, this.publicKey]);
    try {
      const cipher = createDecipheriv(ALGORITHM, key, Buffer.from(nonce, 'base64'), {
        authTagLength: TAG_BYTES,
      });
      cipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(0, TAG_BYTES));
      const opened = inPieces(cipher, bytes.subarray(TAG_BYTES));
      cipher.final();
      return opened;
    } catch {
      // OpenSSL's words say nothing to anybody.
      throw new FormatError('it was sealed for another start of the host, or changed on the way');
    }
  }
}

/**
 * Node frees a copy of what each call has opened without overwriting it. Of a piece that copy is no
 * whole key, and it lies where that of the next piece will lie.
 */
function inPieces(cipher: DecipherGCM, bytes: Uint8Array): Uint8Array {
  const opened = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const piece = cipher.update(bytes.subarray(at, at + PIECE_BYTES));
    opened.set(piece, at);
    piece.fill(0);
  }
  return opened;
}

function agreedKey(own: KeyObject, other: string, names: [string, string]): Uint8Array {
  const secret = diffieHellman({ privateKey: own, publicKey: publicKeyOf(other) });
  return new Uint8Array(hkdfSync('sha256', secret, names.join(' '), 'sluice keys to a host 1', 32));
}

function newPrivateKey(random: Random): KeyObject {
  const secret = random.bytes(32);
  const key = Buffer.concat([PKCS8_X25519, secret]);
  const made = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  key.fill(0);
  secret.fill(0);
  return made;
}

function publicKeyOf(text: string): KeyObject {
  try {
    const key = Buffer.from(text, 'base64');
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch {
    // The same.
    throw new FormatError('that is no public key to seal with');
  }
}

function publicText(own: KeyObject): string {
  return createPublicKey(own).export({ format: 'der', type: 'spki' }).toString('base64');
}
