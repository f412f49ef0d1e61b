// What a disk's filter and its host's daemon tell each other: a type (u8) and a body. Records go as
// they are in the journal but for their checksums, which the daemon fills in; all else is JSON.

/**
 * `open`: where to, and as what. `records`: to be sent. `change`: other settings. `close`: another
 * world may go on with the copy.
 */
export type FromDisk =
  | { type: 'open'; open: OpenMessage }
  | { type: 'records'; records: Uint8Array }
  | { type: 'change'; change: ChannelSettings }
  | { type: 'close' };

/**
 * `opened`: the target takes the disk's records, now or again. `away`: it does not, and why.
 * `replaced`: it never will again under this era, because another VM stands in for the disk's.
 * `durable`: all records up to this one are durable there.
 */
export type ToDisk =
  | { type: 'opened'; opened: OpenedMessage }
  | { type: 'away' | 'replaced'; away: AwayMessage }
  | { type: 'durable'; sequence: number };

/** Hours of the day, of UTC, in which less may be sent. */
export interface BusyHours {
  /** From the first hour until before the other; over midnight when that one is lower. */
  from: number;
  until: number;
  onWeekends: boolean;
  /** Bytes in a second. */
  bandwidth: number;
}

/** How the records of a disk are sent and kept. */
export interface ChannelSettings {
  /** Bytes in a second; 0 for no limit. */
  bandwidth: number;
  busy: BusyHours | null;
  /** Over the line to the target. */
  compress: boolean;
  /** What the target keeps; `mib` 0 leaves that to it. */
  journal: { hours: number; mib: number };
}

export interface OpenMessage extends ChannelSettings {
  /** Each opening has its own: what is said of an older one is to be passed over. */
  attempt: number;
  address: string;
  port: number;
  pairing: string;
  /** Hexadecimal. It is in no log and no file. */
  key: string;
  replicaId: string;
  sizeBytes: number;
  era: number;
}

export interface OpenedMessage {
  attempt: number;
  /** What the daemon was given before is being sent again: nothing is missing. */
  again: boolean;
  durable: number;
  needsResync: boolean;
  needsAll: boolean;
  /** Of the copy, in bytes. */
  sizeBytes: number;
}

export interface AwayMessage {
  attempt: number;
  why: string;
}

const TYPES = [
  ...(['open', 'records', 'change', 'opened', 'away', 'durable', 'close'] as const),
  'replaced',
] as const;
type Type = (typeof TYPES)[number];

/** Where the records begin in their message. */
export const RECORDS_AT = 1;
const NUMBER_BYTES = 8;

export function encodeJson(
  type: 'open' | 'change' | 'opened' | 'away' | 'replaced',
  body: OpenMessage | ChannelSettings | OpenedMessage | AwayMessage,
): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(body));
  const bytes = new Uint8Array(1 + json.length);
  bytes[0] = TYPES.indexOf(type);
  bytes.set(json, 1);
  return bytes;
}

export function encodeClose(): Uint8Array {
  return Uint8Array.of(TYPES.indexOf('close'));
}

/** Marks a buffer whose records stand from `RECORDS_AT` on. */
export function markRecords(bytes: Uint8Array): void {
  bytes[0] = TYPES.indexOf('records');
}

export function encodeDurable(sequence: number): Uint8Array {
  const bytes = new Uint8Array(1 + NUMBER_BYTES);
  bytes[0] = TYPES.indexOf('durable');
  new DataView(bytes.buffer).setFloat64(1, sequence, true);
  return bytes;
}

/** Null for what is none. Both ends are of one VIB, but its version may differ. */
export function decodeFromDisk(bytes: Uint8Array): FromDisk | null {
  const type = typeOf(bytes);
  if (type === 'records') return { type, records: bytes.subarray(RECORDS_AT) };
  if (type === 'close') return { type };
  const body = type === 'open' || type === 'change' ? jsonIn(bytes) : null;
  const settings = body && settingsIn(body);
  if (body === null || settings === null) return null;
  if (type === 'change') return { type, change: settings };
  const { attempt, address, port, pairing, key, replicaId, sizeBytes, era = 1 } = body;
  if (!isNumber(attempt) || !isNumber(port) || !isNumber(sizeBytes)) return null;
  if (!isNumber(era)) return null;
  if (typeof address !== 'string' || typeof pairing !== 'string') return null;
  if (typeof key !== 'string' || typeof replicaId !== 'string') return null;
  const place = { address, port, pairing, key };
  return { type: 'open', open: { ...settings, ...place, attempt, replicaId, sizeBytes, era } };
}

/** Null for what is none. */
export function decodeToDisk(bytes: Uint8Array): ToDisk | null {
  const type = typeOf(bytes);
  if (type === 'durable' && bytes.length === 1 + NUMBER_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return { type, sequence: view.getFloat64(1, true) };
  }
  const isAway = type === 'away' || type === 'replaced';
  const body = type === 'opened' || isAway ? jsonIn(bytes) : null;
  if (body === null || !isNumber(body.attempt)) return null;
  const { attempt, why, again, durable, needsResync, needsAll, sizeBytes } = body;
  if (isAway) return typeof why === 'string' ? { type, away: { attempt, why } } : null;
  if (!isNumber(durable) || !isNumber(sizeBytes) || typeof again !== 'boolean') return null;
  if (typeof needsResync !== 'boolean' || typeof needsAll !== 'boolean') return null;
  return { type: 'opened', opened: { attempt, again, durable, needsResync, needsAll, sizeBytes } };
}

function settingsIn(body: Record<string, unknown>): ChannelSettings | null {
  const { bandwidth, journal, compress } = body;
  if (!isNumber(bandwidth) || typeof journal !== 'object' || journal === null) return null;
  const { hours, mib }: Record<string, unknown> = { ...journal };
  if (!isNumber(hours) || !isNumber(mib)) return null;
  const busy = busyIn(body.busy);
  return { bandwidth, busy, compress: compress === true, journal: { hours, mib } };
}

function busyIn(value: unknown): BusyHours | null {
  if (typeof value !== 'object' || value === null) return null;
  const { from, until, onWeekends, bandwidth }: Record<string, unknown> = { ...value };
  if (!isNumber(from) || !isNumber(until) || !isNumber(bandwidth)) return null;
  return { from, until, onWeekends: onWeekends === true, bandwidth };
}

function typeOf(bytes: Uint8Array): Type | null {
  return TYPES[bytes[0] ?? TYPES.length] ?? null;
}

function jsonIn(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(1)));
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    // Another version may say what we do not know.
    return null;
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
