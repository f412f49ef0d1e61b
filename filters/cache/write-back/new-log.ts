// Makes the log of a disk that begins to write back, with its mirror and its claim, or nothing of
// it; and removes one that nobody needs any more.
import type { FilterContext } from '#lib/filter-sdk/filter.ts';
import { MirroredFile } from '../mirror/mirror.ts';
import type { Mirroring } from '../mirror/mirroring.ts';
import type { ClaimKeeper } from './claim-keeper.ts';
import type { DirtyData } from './dirty-data.ts';
import type { WriteBackParts } from './write-back-parts.ts';

/** Resolves when the disk is claimed for it. When it rejects nothing is left of it. */
export async function makeLog(
  { context, flash, label, make, logBytes, blocks }: WriteBackParts,
  mirroring: Mirroring,
  claim: ClaimKeeper,
): Promise<DirtyData> {
  const file = flash.make(label, logBytes());
  let log: { remove(): void } = file;
  try {
    const mirror = await mirroring.open(file.sizeBytes);
    const dirty = make(mirror === null ? file : new MirroredFile(file, mirror));
    log = dirty.log;
    await dirty.log.begin();
    await mirror?.durable();
    const { id: hostId, name: hostName } = flash.host;
    const place = mirroring.mirror?.place ?? null;
    const where = { logId: dirty.log.id, hostId, hostName, mirror: place };
    mirroring.begin();
    await claim.make({ ...where, dirtyBytes: 0, logBytes: logBytes(), blocks: blocks() });
    return dirty;
  } catch (thrown) {
    mirroring.end();
    removeLog(log, context);
    throw thrown;
  }
}

/** What cannot be removed takes room until the disk is opened on the host again. */
export function removeLog(log: { remove(): void }, context: Pick<FilterContext, 'log'>): void {
  try {
    log.remove();
  } catch (thrown) {
    context.log('warning', `The log could not be removed: ${thrown}`);
  }
}
