// May this VIB go into this image? Every reason why not, in the order in which an admin would mend
// them.
import { PLUGIN_ROOT } from '#lib/formats/vib/filter-payload.ts';
import type { OpenVib } from '#lib/formats/vib/open-vib.ts';
import type { Reason } from '#lib/model/fault.ts';
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import type { HostVersion } from '#lib/model/inventory.ts';
import { type AcceptanceLevel, compareAcceptance, type VibDescriptor } from '#lib/model/vib.ts';
import type { InstalledVib } from '#lib/wire/agent/host-rpc.ts';
import { compareVibVersions, satisfies } from './vib-version.ts';

/** 6.0 Update 1, the first that runs I/O filters. */
const FIRST_VERSION_WITH_FILTERS = '6.0.1';
/** Where a community VIB may put files. */
const COMMUNITY_ROOTS = ['opt/', 'store/'];
/** What the platform itself provides, so that no VIB in the image needs to. */
const PLATFORM_NAMES = /^(?:esx-(?:base|update)|vmkapi_.*|vmkernel.*)$/;

export interface InstallFacts {
  vib: OpenVib;
  installed: readonly InstalledVib[];
  acceptanceLevel: AcceptanceLevel;
  hostVersion: HostVersion;
}

export function reasonsAgainstInstall(facts: InstallFacts): Reason[] {
  return [
    ...platformReasons(facts),
    ...acceptanceReasons(facts),
    ...presenceReasons(facts),
    ...extensibilityReasons(facts),
    ...relationReasons(facts),
  ];
}

function platformReasons({ vib, hostVersion }: InstallFacts): Reason[] {
  const { id, filter, descriptor } = vib.inspection;
  if (filter && compareVibVersions(hostVersion, FIRST_VERSION_WITH_FILTERS) < 0) {
    return [
      {
        fault: 'PlatformConfigFault',
        message:
          `VIB ${id} brings an I/O filter; this host runs ${hostVersion}, ` +
          'and I/O filters need 6.0 Update 1 or later.',
        remedy: 'Upgrade the host.',
      },
    ];
  }
  const platforms = descriptor.softwarePlatforms;
  if (platforms.length === 0 || platforms.some(({ version }) => fits(hostVersion, version))) {
    return [];
  }
  const wanted = platforms.map(({ version }) => version).join(' or ');
  return [
    {
      fault: 'PlatformConfigFault',
      message: `VIB ${id} is for version ${wanted}; this host runs ${hostVersion}.`,
    },
  ];
}

function acceptanceReasons({ vib, acceptanceLevel }: InstallFacts): Reason[] {
  const { id, descriptor } = vib.inspection;
  if (compareAcceptance(descriptor.acceptanceLevel, acceptanceLevel) >= 0) return [];
  return [
    {
      fault: 'AcceptanceConfigError',
      message:
        `VIB ${id}'s acceptance level is ${descriptor.acceptanceLevel}, ` +
        `which is below ${acceptanceLevel}, the level of the host.`,
      remedy: `Lower the acceptance level of the host to ${descriptor.acceptanceLevel}.`,
    },
  ];
}

function presenceReasons({ vib, installed }: InstallFacts): Reason[] {
  const { id, descriptor, filter } = vib.inspection;
  const same = installed.find(
    (other) =>
      other.descriptor.name === descriptor.name && other.descriptor.vendor === descriptor.vendor,
  );
  if (same) {
    return [
      {
        fault: 'AlreadyExists',
        message: `VIB ${same.id} is installed; ${id} has the same vendor and name.`,
        remedy: `Remove ${same.id} first.`,
      },
    ];
  }
  const sameFilter = installed.find((other) => filter && other.filter?.name === filter.name);
  if (!sameFilter) return [];
  return [
    {
      fault: 'AlreadyExists',
      message: `VIB ${sameFilter.id} brings an I/O filter called ${filter?.name} already.`,
      remedy: `Remove ${sameFilter.id} first.`,
    },
  ];
}

function extensibilityReasons({ vib }: InstallFacts): Reason[] {
  const { inspection, files, opaquePayloads } = vib;
  const { id, descriptor, filter, signers } = inspection;
  const problems: string[] = [];
  const [opaque] = opaquePayloads;
  if (opaque) problems.push(`its payload ${opaque} is of a type that this host does not install`);
  const listed = new Set(descriptor.files);
  const unlisted = files.find(({ path }) => !listed.has(path));
  if (unlisted) problems.push(`its descriptor does not list ${unlisted.path}`);
  const misplaced = files.find(({ path }) => !isAllowed(path, filter?.name ?? null, descriptor));
  if (misplaced) problems.push(`it may not bring ${misplaced.path}`);
  const vendorOnly = filter && FILTER_CLASSES[filter.class].vendorOnly;
  if (vendorOnly && !signers.some(({ trusted, platformVendor }) => trusted && platformVendor)) {
    const { label } = FILTER_CLASSES[filter.class];
    problems.push(`filters of the class ${label} come from the vendor of the platform alone`);
  }
  if (problems.length === 0) return [];
  return [
    {
      fault: 'ExtensibilityError',
      message: `VIB ${id} failed the extensibility rules: ${problems.join('; ')}.`,
    },
  ];
}

/**
 * A filter brings its own plug-in directory; all others keep out of where plug-ins are looked for.
 */
function isAllowed(
  path: string,
  filter: string | null,
  { acceptanceLevel }: VibDescriptor,
): boolean {
  if (filter) return path.startsWith(`${PLUGIN_ROOT}/${filter}/`);
  if (path.startsWith(`${PLUGIN_ROOT}/`)) return false;
  const community = acceptanceLevel === 'CommunitySupported';
  return !community || COMMUNITY_ROOTS.some((root) => path.startsWith(root));
}

function relationReasons({ vib, installed, hostVersion }: InstallFacts): Reason[] {
  const { id, descriptor } = vib.inspection;
  const offered = installed.flatMap(({ descriptor: { name, version, provides } }) => [
    { name, version },
    ...provides,
  ]);
  offered.push({ name: 'esx-version', version: hostVersion });
  const missing = descriptor.depends.filter(
    (wanted) =>
      !PLATFORM_NAMES.test(wanted.name) &&
      !offered.some(({ name, version }) => name === wanted.name && satisfies(version, wanted)),
  );
  const clashing = descriptor.conflicts.filter((bad) =>
    offered.some(({ name, version }) => name === bad.name && satisfies(version, bad)),
  );
  return [
    ...missing.map(
      ({ name, relation, version }): Reason => ({
        fault: 'PlatformConfigFault',
        message:
          `VIB ${id} needs ${[name, relation, version].join(' ').trim()}, ` +
          'which is not installed.',
        remedy: `Install ${name} first.`,
      }),
    ),
    ...clashing.map(
      ({ name }): Reason => ({
        fault: 'InvalidState',
        message: `VIB ${id} cannot be installed together with ${name}.`,
        remedy: `Remove ${name} first.`,
      }),
    ),
  ];
}

/** Versions of platforms are written with a star: `6.*`. */
function fits(hostVersion: string, pattern: string): boolean {
  const star = pattern.indexOf('*');
  if (pattern === '' || star === 0) return true;
  return star < 0 ? hostVersion === pattern : hostVersion.startsWith(pattern.slice(0, star));
}
