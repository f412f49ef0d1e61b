// Keys as bytes, before they are sealed and after they are opened: the length of what follows (4
// bytes, big endian), their names as JSON in UTF-8, then 32 bytes for each. Never a key in a text:
// a text stays in memory until the runtime uses that memory again, and nobody can overwrite it.
import { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import { type KeyRef, keyRefSchema } from '../../model/key.ts';
import type { GivenKey } from './key-rpc.ts';

/** A key as a host and a VM's process have it: 256 bits. */
export interface HostKey extends KeyRef {
  value: Uint8Array;
}

export const KEY_BYTES = 32;
const LENGTH_BYTES = 4;
const namesSchema = z.array(keyRefSchema).max(256);

/** Overwrite what is returned when it was sealed. */
export function encodeKeys(keys: readonly (GivenKey | HostKey)[]): Uint8Array {
  const refs = keys.map(({ provider, keyId }) => ({ provider, keyId }));
  const names = new TextEncoder().encode(JSON.stringify(refs));
  const start = LENGTH_BYTES + names.length;
  const bytes = new Uint8Array(start + keys.length * KEY_BYTES);
  new DataView(bytes.buffer).setUint32(0, names.length);
  bytes.set(names, LENGTH_BYTES);
  for (const [index, { value }] of keys.entries()) {
    const key = typeof value === 'string' ? keyBytes(value) : value;
    if (key.length !== KEY_BYTES) throw new Fault('InvalidArgument', 'A key has 256 bits.');
    bytes.set(key, start + index * KEY_BYTES);
  }
  return bytes;
}

/** The keys are part of the bytes that came in. Throws `InvalidArgument` for what holds none. */
export function decodeKeys(bytes: Uint8Array): HostKey[] {
  const { buffer, byteOffset, length } = bytes;
  const namesBytes =
    length < LENGTH_BYTES ? 0 : new DataView(buffer, byteOffset, length).getUint32(0);
  const start = LENGTH_BYTES + namesBytes;
  const refs = start > length ? null : namesIn(bytes.subarray(LENGTH_BYTES, start));
  if (refs === null || length !== start + refs.length * KEY_BYTES) {
    throw new Fault('InvalidArgument', 'What was sealed are no keys.');
  }
  return refs.map((ref, index) => {
    const at = start + index * KEY_BYTES;
    return { ...ref, value: bytes.subarray(at, at + KEY_BYTES) };
  });
}

function namesIn(bytes: Uint8Array): KeyRef[] | null {
  try {
    return namesSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    // A sender of another version may send anything.
    return null;
  }
}

function keyBytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
