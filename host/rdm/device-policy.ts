// Which raw devices a host lets virtual machines have. Nothing but NBD servers of this machine
// unless the host's configuration names more, because a mapping is written by whoever may edit a
// VM, and the agent may read and write much that they may not.
import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import { isNbdUri, type NbdTarget, parseNbdUri } from '../nbd-client/nbd-address.ts';

export const rawDevicePolicySchema = z.object({
  /**
   * What may be mapped: an absolute path allows that file or device and all below it, sockets of
   * NBD servers too; `nbd://host:port` the exports of that server, `nbd://host` of all on it.
   */
  allow: z.array(z.string().min(1).max(4096)).max(64),
});
export type RawDevicePolicy = z.infer<typeof rawDevicePolicySchema>;

export const LOOPBACK_ONLY: RawDevicePolicy = { allow: [] };

/** What a mapping leads to, once it is allowed. */
export type RawDevice = { kind: 'file'; path: string } | { kind: 'nbd'; target: NbdTarget };

/**
 * The device behind a target. Throws `InvalidArgument` for what is no path and no address or is not
 * allowed, `FileNotFound` for a path where nothing is.
 */
export async function requireAllowed(target: string, policy: RawDevicePolicy): Promise<RawDevice> {
  if (!isNbdUri(target)) {
    if (!target.startsWith('/')) throw refused(target, 'it is neither a path nor an NBD address');
    return { kind: 'file', path: await requireBelow(target, target, policy) };
  }
  const parsed = parseNbdUri(target);
  const { place } = parsed;
  if ('path' in place) {
    const path = await requireBelow(place.path, target, policy);
    return { kind: 'nbd', target: { ...parsed, place: { path } } };
  }
  const { host, port } = place;
  if (isLoopback(host) || policy.allow.some((rule) => allowsServer(rule, host, port))) {
    return { kind: 'nbd', target: parsed };
  }
  throw refused(target, 'the host does not allow this server');
}

/** The path without links, when it lies below one that is allowed. */
async function requireBelow(
  path: string,
  target: string,
  { allow }: RawDevicePolicy,
): Promise<string> {
  const real = await realpath(path).catch((cause: unknown) => {
    throw new Fault('FileNotFound', `The raw device ${path} does not exist.`, { cause });
  });
  for (const rule of allow) {
    if (!rule.startsWith('/')) continue;
    // A rule for what is not there now allows nothing.
    const root = await realpath(rule).catch(() => null);
    if (root === null) continue;
    if (real === root || real.startsWith(root === sep ? sep : root + sep)) return real;
  }
  throw refused(target, 'the host does not allow this path');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function allowsServer(rule: string, host: string, port: number): boolean {
  const name = host.includes(':') ? `[${host}]` : host;
  return rule === `nbd://${name}` || rule === `nbd://${name}:${port}`;
}

function refused(target: string, why: string): Fault {
  return new Fault(
    'InvalidArgument',
    `The raw device "${target.slice(0, 200)}" cannot be mapped: ${why}.`,
  );
}
