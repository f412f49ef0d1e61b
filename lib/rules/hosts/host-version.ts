// What the versions of hosts mean for I/O filters: 6.0 has none, 6.0 Update 1 uses them only where
// DRS is enabled, and filters of partners for 6.x and for 7.0 and later are not the same.
import type { Reason } from '../../model/fault.ts';
import type { HostVersion } from '../../model/inventory.ts';

export interface VersionTraits {
  /** As the product is called: 6.0 Update 1. */
  label: string;
  /** Runs I/O filters at all. */
  hasFilters: boolean;
  /** Uses them only in a cluster with DRS enabled. */
  needsDrs: boolean;
  /** Partners' filters of one generation do not run on hosts of another. */
  generation: '6.x' | '7.0 and later';
}

const SIX = { hasFilters: true, needsDrs: false, generation: '6.x' } as const;
const SEVEN = { ...SIX, generation: '7.0 and later' } as const;

export const HOST_VERSIONS: Record<HostVersion, VersionTraits> = {
  '6.0.0': { ...SIX, label: '6.0', hasFilters: false },
  '6.0.1': { ...SIX, label: '6.0 Update 1', needsDrs: true },
  '6.0.2': { ...SIX, label: '6.0 Update 2' },
  '6.5.0': { ...SIX, label: '6.5' },
  '6.7.0': { ...SIX, label: '6.7' },
  '7.0.0': { ...SEVEN, label: '7.0' },
  '8.0.0': { ...SEVEN, label: '8.0' },
};

export interface VersionedHost {
  id: string;
  name: string;
  /** Null until the host has reported. */
  version: string | null;
}

/** Null for a host that has not reported, or a version that nobody knows. */
export function traitsOf({ version }: Pick<VersionedHost, 'version'>): VersionTraits | null {
  return Object.entries(HOST_VERSIONS).find(([known]) => known === version)?.[1] ?? null;
}

/** Why these hosts cannot have I/O filters together; empty when they can. */
export function versionReasons(facts: {
  clusterName: string;
  drsEnabled: boolean;
  hosts: readonly VersionedHost[];
  /** Filters of the platform's vendor come for all versions. */
  ofPartner: boolean;
}): Reason[] {
  const { clusterName, drsEnabled, hosts, ofPartner } = facts;
  const early = hosts.find((host) => traitsOf(host)?.needsDrs);
  return [
    ...hosts.flatMap(withoutFilters),
    ...(early && !drsEnabled ? [needsDrs(early, clusterName)] : []),
    ...(ofPartner ? mixedReasons(clusterName, hosts) : []),
  ];
}

/** A host that runs no I/O filters at all. */
export function withoutFilters(host: VersionedHost): Reason[] {
  const traits = traitsOf(host);
  if (!traits || traits.hasFilters) return [];
  return [
    {
      fault: 'PlatformConfigFault',
      message: `${host.name} runs ${traits.label}; I/O filters need 6.0 Update 1 or later.`,
      remedy: `Upgrade ${host.name}.`,
      objects: [host.id],
    },
  ];
}

function needsDrs(host: VersionedHost, clusterName: string): Reason {
  return {
    fault: 'InvalidState',
    message: `${host.name} runs 6.0 Update 1, which uses I/O filters only where DRS is enabled.`,
    remedy: `Enable DRS on ${clusterName}, or upgrade the host to 6.0 Update 2.`,
    objects: [host.id],
  };
}

function mixedReasons(clusterName: string, hosts: readonly VersionedHost[]): Reason[] {
  const old = hosts.filter((host) => traitsOf(host)?.generation === '6.x');
  const recent = hosts.filter((host) => traitsOf(host)?.generation === '7.0 and later');
  const [first] = old;
  const [second] = recent;
  if (!first || !second) return [];
  return [
    {
      fault: 'PlatformConfigFault',
      message:
        `${clusterName} has hosts of 6.x (${namesOf(old)}) and of 7.0 or later ` +
        `(${namesOf(recent)}); a partner's I/O filter is for one or the other.`,
      remedy: `Upgrade ${namesOf(old)}, or move them into a cluster of their own.`,
      objects: [...old, ...recent].map(({ id }) => id),
    },
  ];
}

function namesOf(hosts: readonly VersionedHost[]): string {
  return hosts.map(({ name }) => name).join(', ');
}

/** Whether a host's version is one that a VIB's descriptor names; versions end in a star: `6.*`. */
export function fitsPlatform(version: string, pattern: string): boolean {
  const star = pattern.indexOf('*');
  if (pattern === '' || star === 0) return true;
  return star < 0 ? version === pattern : version.startsWith(pattern.slice(0, star));
}

/** Hosts for whose version the VIB is not made. */
export function platformReasons(
  vibId: string,
  platforms: readonly { version: string }[],
  hosts: readonly VersionedHost[],
): Reason[] {
  if (platforms.length === 0) return [];
  const wanted = platforms.map(({ version }) => version).join(' or ');
  return hosts
    .filter(({ version }) => version !== null)
    .filter(({ version }) => !platforms.some((one) => fitsPlatform(version ?? '', one.version)))
    .map(({ id, name, version }) => ({
      fault: 'PlatformConfigFault',
      message: `VIB ${vibId} is for version ${wanted}; ${name} runs ${version}.`,
      objects: [id],
    }));
}
