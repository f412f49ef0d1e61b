// Links to files of the depot that a host may follow for a while: signed with a key of the
// installation's own, so that a host needs no account. The web process checks what is made here.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';

/** `imports`: a part of what was uploaded for an import, by `<import>.<disk>`. */
export type DepotFileKind = 'vibs' | 'traces' | 'imports';

/** How long a link is good, in milliseconds: more than the longest installation. */
const LINK_MS = 60 * 60 * 1000;
/** That of an import may have to be followed anew, after hours. */
const IMPORT_LINK_MS = 24 * LINK_MS;

export interface DepotLinks {
  link(kind: DepotFileKind, fileName: string): string;
}

export function createDepotLinks({
  publicUrl,
  secret,
  clock,
}: {
  /** Base URL under which hosts reach the web process. */
  publicUrl: string;
  secret: Uint8Array;
  clock: Clock;
}): DepotLinks {
  return {
    link(kind, fileName) {
      const expires = clock.now() + (kind === 'imports' ? IMPORT_LINK_MS : LINK_MS);
      const url = new URL(`/api/v1/depot/files/${kind}/${encodeURIComponent(fileName)}`, publicUrl);
      url.searchParams.set('expires', String(expires));
      url.searchParams.set('token', sign(secret, { kind, fileName, expires }));
      return url.toString();
    },
  };
}

/** Whether the link was made here and is still good. */
export function isDepotLinkValid(
  secret: Uint8Array,
  now: number,
  { token, ...link }: { kind: DepotFileKind; fileName: string; expires: number; token: string },
): boolean {
  const wanted = Buffer.from(sign(secret, link));
  const given = Buffer.from(token);
  return link.expires > now && wanted.length === given.length && timingSafeEqual(wanted, given);
}

function sign(
  secret: Uint8Array,
  { kind, fileName, expires }: { kind: DepotFileKind; fileName: string; expires: number },
): string {
  return createHmac('sha256', secret).update(`${kind}\n${fileName}\n${expires}`).digest('hex');
}
