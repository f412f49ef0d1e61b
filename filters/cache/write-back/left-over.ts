// What an earlier life of the cache may have left on a host's flash: found again on that host, and
// refused by name on any other.
import type { FilterContext } from '#lib/filter-sdk/filter.ts';
import type { FlashFile } from '#lib/filter-sdk/host-flash.ts';
import type { CacheSettings } from '../cache-settings.ts';
import { type Claim, decodeClaim } from './claim.ts';

export interface LeftOver {
  claim: Claim;
  file: FlashFile;
}

/**
 * Null when the disk has all of its data, or the policy gives up what is lost. Throws an Error that
 * names the host and the bytes when they cannot be had here.
 */
export function findLeftOver(context: FilterContext, settings: CacheSettings): LeftOver | null {
  const claim = decodeClaim(context.sidecar.contents);
  if (claim === null) return null;
  const { flash, raiseEvent } = context;
  const isHere = flash !== null && flash.host.id === claim.hostId;
  const file = isHere ? flash.find(claim.logId) : null;
  if (file !== null) return { claim, file };
  const about = claim.dirtyBytes > 0 ? `${claim.dirtyBytes} bytes` : 'data';
  const where = isHere
    ? `were on the virtual flash resource of this host, ${claim.hostName}, and are not there`
    : `lie on the virtual flash resource of the host ${claim.hostName}`;
  const what = `About ${about} that were written to this disk (${claim.logBytes} at most) ${where}`;
  if (!settings.discardLostData) {
    const remedy = isHere ? '' : '. Open the disk on that host first';
    throw new Error(`${what}${remedy}, or set "Give up lost data" in the policy.`);
  }
  raiseEvent('error', `${what}. They were given up, as the policy says.`);
  return null;
}
