// What an earlier life of the cache may have left on a host's flash: found again on that host or on
// the one that has its mirror, on any other to be fetched from there, or refused by their names.
import type { FilterContext } from '#lib/filter-sdk/filter.ts';
import type { FlashFile } from '#lib/filter-sdk/host-flash.ts';
import type { CacheSettings } from '../cache-settings.ts';
import { type Claim, decodeClaim } from './claim.ts';

export interface LeftOver {
  claim: Claim;
  file: FlashFile;
  /** What was found is the mirror that this host has kept for another. */
  isMirror: boolean;
}

/** It lies on the flash of another host. */
export interface Elsewhere {
  claim: Claim;
  file: null;
  /** What the administrator reads when it cannot be had: names host and bytes. */
  refusal: string;
  /** The policy gives up what is lost. */
  mayBeLost: boolean;
}

/** For the administrator, with what it is about before it. */
export const GIVEN_UP = 'They were given up, as the policy says.';

/**
 * Null when the disk has all of its data, or the policy gives up what is lost. Throws an Error that
 * names the host and the bytes when they cannot be had here.
 */
export function findLeftOver(
  context: FilterContext,
  settings: CacheSettings,
): LeftOver | Elsewhere | null {
  const claim = decodeClaim(context.sidecar.contents);
  if (claim === null) return null;
  const { flash, raiseEvent } = context;
  const isHere = flash !== null && flash.host.id === claim.hostId;
  // Another host may have taken it, and not have come to the end.
  const file = isHere ? (flash.find(claim.logId) ?? flash.take?.(claim.logId) ?? null) : null;
  if (file !== null) return { claim, file, isMirror: false };
  const { mirror } = claim;
  const isMirrorHere = flash !== null && mirror !== null && flash.host.id === mirror.hostId;
  const taken = isMirrorHere ? (flash.take?.(mirror.logId) ?? null) : null;
  if (taken !== null) return { claim, file: taken, isMirror: true };
  const about = claim.dirtyBytes > 0 ? `${claim.dirtyBytes} bytes` : 'data';
  const where = isHere
    ? `were on the virtual flash resource of this host, ${claim.hostName}, and are not there`
    : `lie on the virtual flash resource of the host ${claim.hostName}`;
  const what = `About ${about} that were written to this disk (${claim.logBytes} at most) ${where}`;
  const hosts = [...(isHere ? [] : [claim.hostName]), ...(mirror ? [mirror.hostName] : [])];
  const remedy = hosts.length === 0 ? '' : `. Open the disk on ${hosts.join(' or ')} first`;
  const refusal = `${what}${remedy}, or set "Give up lost data" in the policy.`;
  const mayBeLost = settings.discardLostData;
  if (flash !== null && context.daemon !== null && hosts.length > 0) {
    return { claim, file: null, refusal, mayBeLost };
  }
  if (!mayBeLost) throw new Error(refusal);
  raiseEvent('error', `${what}. ${GIVEN_UP}`);
  return null;
}
