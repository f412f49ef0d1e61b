// Makes a copy that was away like the others again: every region that either of them has marked
// since is read from a current copy and written to it, each for itself while writes to it wait.
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { FLUSH, READ, WRITE } from '../chain/chain-io.ts';
import { runIo } from '../nbd-client/backing-io.ts';
import type { NbdBacking } from '../nbd-client/nbd-backing.ts';
import { REGION_BYTES, regionsOf } from './dirty-log.ts';
import type { RegionGate } from './region-gate.ts';
import type { OwnerIdentity, Replica } from './replica.ts';

export interface ResyncParts {
  source: Replica;
  target: Replica;
  owner: OwnerIdentity;
  sizeBytes: number;
  gate: RegionGate;
  /** Told before and after each region. */
  onProgress(bytesLeft: number): void;
}

/**
 * All writes must go to the target as well from before the call. Resolves with 0 when the target is
 * like the source and durable, else with an error number.
 */
export async function resync(parts: ResyncParts): Promise<number> {
  const { source, target, owner, gate, onProgress } = parts;
  const [from, to] = [source.disk, target.disk];
  if (from === null || to === null) return NBD_ERRORS.EIO;
  // Those may have gone to the source alone; afterwards its log has them.
  await gate.passed();
  const [ours, theirs] = await Promise.all([
    source.dirtyRegions(owner),
    target.dirtyRegions(owner),
  ]);
  const regions = theirs.fresh
    ? everyRegion(parts.sizeBytes)
    : regionsOf(union(Buffer.from(ours.bits, 'base64'), Buffer.from(theirs.bits, 'base64')));
  const buffer = Buffer.alloc(REGION_BYTES);
  for (const [index, region] of regions.entries()) {
    onProgress((regions.length - index) * REGION_BYTES);
    const error = await copyRegion({ ...parts, from, to, buffer, fresh: theirs.fresh }, region);
    if (error !== 0) return error;
  }
  onProgress(0);
  return runIo(to, { code: FLUSH, offset: 0, length: 0 });
}

interface Copy extends ResyncParts {
  from: NbdBacking;
  to: NbdBacking;
  buffer: Buffer;
  fresh: boolean;
}

async function copyRegion(
  { from, to, buffer, fresh, gate, sizeBytes }: Copy,
  region: number,
): Promise<number> {
  const offset = region * REGION_BYTES;
  const length = Math.min(REGION_BYTES, sizeBytes - offset);
  if (length <= 0) return 0;
  const unlock = await gate.lock(offset, length);
  try {
    const read = await runIo(from, { code: READ, offset, length, buffer });
    if (read !== 0) return read;
    // A new copy is all zeroes until the first write to it.
    if (fresh && isZero(buffer, length)) return 0;
    return await runIo(to, { code: WRITE, offset, length, buffer });
  } finally {
    unlock();
  }
}

function everyRegion(sizeBytes: number): number[] {
  return Array.from({ length: Math.ceil(sizeBytes / REGION_BYTES) }, (_, region) => region);
}

function union(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(Math.max(a.length, b.length));
  for (const [at] of both.entries()) both[at] = (a[at] ?? 0) | (b[at] ?? 0);
  return both;
}

const ZEROES = Buffer.alloc(REGION_BYTES);

function isZero(buffer: Buffer, length: number): boolean {
  return buffer.compare(ZEROES, 0, length, 0, length) === 0;
}
