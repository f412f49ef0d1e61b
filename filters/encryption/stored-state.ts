// What the filter keeps in its sidecar: little endian, `SLXE`, version 2 (u16), reserved (u16),
// length of the JSON that follows (u32), the JSON, and for a walk the heads of the sectors that are
// being moved, 16 bytes each, to the end. docs/filters/encryption.md describes the JSON. Data keys
// stand in it wrapped.

const MAGIC = 0x45_58_4c_53;
const VERSION = 2;
const HEADER_BYTES = 12;
const SECTOR_BYTES = 512;
const HEAD_BYTES = 16;

/** A data key as it is kept. */
export interface StoredKey {
  /** The key that wraps it. */
  provider: string;
  keyId: string;
  /** Hexadecimal. */
  wrapped: string;
  /** Number of the data key, counted by the controller. */
  generation: number;
}

/** From one state of the sectors to another; null is clear text. */
export interface StoredWalk {
  to: StoredKey | null;
  /** In bytes: what lies before it is in the new state. */
  position: number;
  /**
   * Of the sectors from the position on that are in the old state or the new one; null for none.
   * See window.ts.
   */
  heads: Uint8Array | null;
}

export interface StoredState {
  /** What lies behind a walk's position, or the whole disk when there is no walk. */
  current: StoredKey | null;
  walk: StoredWalk | null;
}

export function encodeState({ current, walk }: StoredState): Uint8Array {
  const heads = walk?.heads ?? new Uint8Array(0);
  const text = JSON.stringify({
    cipher: 'aes-256-xts-512',
    current,
    walk: walk && { to: walk.to, position: walk.position, heads: heads.length / HEAD_BYTES },
  });
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(HEADER_BYTES + json.length + heads.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint32(8, json.length, true);
  bytes.set(json, HEADER_BYTES);
  bytes.set(heads, HEADER_BYTES + json.length);
  return bytes;
}

/** Throws an Error that says what is wrong with the bytes. */
export function decodeState(bytes: Uint8Array): StoredState {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) throw damaged('its header');
  if (view.getUint16(4, true) !== VERSION) throw damaged('its version');
  const end = HEADER_BYTES + view.getUint32(8, true);
  if (end > bytes.length) throw damaged('its length');
  const parsed = parseJson(new TextDecoder().decode(bytes.subarray(HEADER_BYTES, end)));
  if (parsed.cipher !== 'aes-256-xts-512') throw damaged('its cipher');
  return { current: keyOf(parsed.current), walk: walkOf(parsed.walk, bytes.slice(end)) };
}

function walkOf(value: unknown, rest: Uint8Array): StoredWalk | null {
  if (value === null) return null;
  const { to, position, heads } = objectOf(value);
  const isPlace =
    typeof position === 'number' && Number.isSafeInteger(position) && position % SECTOR_BYTES === 0;
  if (!isPlace || position < 0) throw damaged('its position');
  if (typeof heads !== 'number' || heads * HEAD_BYTES !== rest.length) throw damaged('its heads');
  return { to: keyOf(to), position, heads: heads > 0 ? rest : null };
}

function keyOf(value: unknown): StoredKey | null {
  if (value === null) return null;
  const { provider, keyId, wrapped, generation } = objectOf(value);
  if (typeof provider !== 'string' || typeof keyId !== 'string') throw damaged('the name of a key');
  if (typeof wrapped !== 'string' || typeof generation !== 'number') throw damaged('a key');
  return { provider, keyId, wrapped, generation };
}

function parseJson(text: string): Record<string, unknown> {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    // Said in this format's words.
    throw damaged('its text');
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw damaged('its text');
  return { ...value };
}

function damaged(what: string): Error {
  return new Error(`what is kept of the encryption cannot be read: ${what}`);
}
