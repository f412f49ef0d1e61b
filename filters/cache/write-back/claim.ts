// What the cache keeps beside the disk: whether data of it lie unwritten on a host's flash, where,
// and about how much. JSON, so that a person who has to decide about lost data can read it.

/** A copy of the log on another host. */
interface ClaimedMirror {
  hostId: string;
  hostName: string;
  logId: string;
}

/** A host holds what the disk does not have. */
export interface Claim {
  /** Of the flash file with the log. */
  logId: string;
  hostId: string;
  hostName: string;
  /** Null without one, or since it has not had all. */
  mirror: ClaimedMirror | null;
  /** When it was last counted. */
  dirtyBytes: number;
  /** More than that it cannot be. */
  logBytes: number;
  /** Blocks that the cache had. */
  blocks: number;
}

const FORMAT = 1;

/** Null: the disk has all of its data. */
export function encodeClaim(claim: Claim | null): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: FORMAT, claim }));
}

/** Throws an Error when it cannot be read: then nobody knows whether the disk is whole. */
export function decodeClaim(bytes: Uint8Array | null): Claim | null {
  if (bytes === null || bytes.length === 0) return null;
  const claim = fieldOf(parse(bytes), 'claim');
  if (claim === null) return null;
  const read = {
    logId: textOf(claim, 'logId'),
    hostId: textOf(claim, 'hostId'),
    hostName: textOf(claim, 'hostName'),
    mirror: mirrorOf(claim),
    dirtyBytes: numberOf(claim, 'dirtyBytes'),
    logBytes: numberOf(claim, 'logBytes'),
    blocks: numberOf(claim, 'blocks'),
  };
  return read;
}

/** Claims that were made before there were mirrors have none. */
function mirrorOf(claim: unknown): ClaimedMirror | null {
  const isNamed = typeof claim === 'object' && claim !== null && 'mirror' in claim;
  const mirror = isNamed ? claim.mirror : null;
  if (mirror === null) return null;
  return {
    hostId: textOf(mirror, 'hostId'),
    hostName: textOf(mirror, 'hostName'),
    logId: textOf(mirror, 'logId'),
  };
}

function parse(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (fieldOf(value, 'format') === FORMAT) return value;
  } catch {
    // Said below.
  }
  throw unreadable();
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) throw unreadable();
  const found = Object.entries(value).find(([key]) => key === name);
  if (found === undefined) throw unreadable();
  return found[1];
}

function textOf(value: unknown, name: string): string {
  const text = fieldOf(value, name);
  if (typeof text !== 'string') throw unreadable();
  return text;
}

function numberOf(value: unknown, name: string): number {
  const number = fieldOf(value, name);
  if (typeof number !== 'number') throw unreadable();
  return number;
}

function unreadable(): Error {
  return new Error('what the cache keeps beside the disk cannot be read');
}
