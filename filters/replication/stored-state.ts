// What the filter keeps in its sidecar: little endian, `SLRF`, version 1 (u16), how the map is
// written (u16: 0 runs, 1 bits), length of the JSON that follows (u32), the JSON, and the map of
// the regions that may differ from the copy: runs as pairs of u32, the first region and how many,
// or one bit for each region. docs/filters/replication.md describes the JSON.
import { RegionMap } from './region-map.ts';

const MAGIC = 0x46_52_4c_53;
const VERSION = 1;
const HEADER_BYTES = 12;
const RUNS = 0;
const BITS = 1;
const RUN_BYTES = 8;

export interface StoredState {
  /** Which copy the map is about: target, pairing and name. */
  replica: string;
  /** Counts the openings of the disk. */
  session: number;
  /** Numbers up to this one may have been given to records. */
  reserved: number;
  /** All records up to this one are durable at the target. */
  confirmed: number;
  /** The copy is being brought up to date: it is no moment of the disk until that is through. */
  resyncing: boolean;
  sizeBytes: number;
  /** The era in which the target has said that another VM stands in; 0 when it has not. */
  replacedIn: number;
}

export function encodeState(state: StoredState, map: RegionMap): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(state));
  const runs = [...map.ranges()].map(({ offset, end }) => ({
    first: offset / map.regionBytes,
    count: Math.ceil((end - offset) / map.regionBytes),
  }));
  const asRuns = runs.length * RUN_BYTES <= map.words.byteLength;
  const mapBytes = asRuns ? runs.length * RUN_BYTES : map.words.length * 4;
  const bytes = new Uint8Array(HEADER_BYTES + json.length + mapBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint16(6, asRuns ? RUNS : BITS, true);
  view.setUint32(8, json.length, true);
  bytes.set(json, HEADER_BYTES);
  let at = HEADER_BYTES + json.length;
  if (asRuns) {
    for (const { first, count } of runs) {
      view.setUint32(at, first, true);
      view.setUint32(at + 4, count, true);
      at += RUN_BYTES;
    }
    return bytes;
  }
  for (const word of map.words) {
    view.setUint32(at, word, true);
    at += 4;
  }
  return bytes;
}

/** Throws an Error that says what is wrong with the bytes. */
export function decodeState(bytes: Uint8Array): { state: StoredState; map: RegionMap } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) throw damaged('its header');
  if (view.getUint16(4, true) !== VERSION) throw damaged('its version');
  const end = HEADER_BYTES + view.getUint32(8, true);
  if (end > bytes.length) throw damaged('its length');
  const state = stateIn(new TextDecoder().decode(bytes.subarray(HEADER_BYTES, end)));
  const map = new RegionMap(state.sizeBytes);
  const rest = new DataView(bytes.buffer, bytes.byteOffset + end, bytes.length - end);
  if (view.getUint16(6, true) === RUNS) readRuns(rest, map);
  else readBits(rest, map);
  return { state, map };
}

function readRuns(view: DataView, map: RegionMap): void {
  if (view.byteLength % RUN_BYTES !== 0) throw damaged('its map');
  for (let at = 0; at < view.byteLength; at += RUN_BYTES) {
    const [first, count] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    if (count === 0 || first + count > map.regions) throw damaged('its map');
    const offset = first * map.regionBytes;
    map.add(offset, Math.min(offset + count * map.regionBytes, map.sizeBytes));
  }
}

function readBits(view: DataView, map: RegionMap): void {
  if (view.byteLength !== map.words.byteLength) throw damaged('its map');
  for (let index = 0; index < map.words.length; index++) {
    map.words[index] = view.getUint32(index * 4, true);
  }
}

function stateIn(text: string): StoredState {
  const { replica, session, reserved, confirmed, resyncing, sizeBytes, ...rest } = parsed(text);
  if (typeof replica !== 'string' || typeof resyncing !== 'boolean') throw damaged('its text');
  if (!isNumber(session) || !isNumber(reserved) || !isNumber(confirmed)) throw damaged('its text');
  if (!isNumber(sizeBytes) || sizeBytes === 0) throw damaged('its text');
  // Versions before eras have none.
  const { replacedIn = 0 } = rest;
  if (!isNumber(replacedIn)) throw damaged('its text');
  return { replica, session, reserved, confirmed, resyncing, sizeBytes, replacedIn };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Said in this format's words.
  }
  throw damaged('its text');
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function damaged(what: string): Error {
  return new Error(`what is kept of the replication cannot be read: ${what}`);
}
