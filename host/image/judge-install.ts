// May this VIB go into this image? Every reason why not, in the order in which an admin would mend
// them.
import { PLUGIN_ROOT } from '#lib/formats/vib/filter-payload.ts';
import type { OpenVib } from '#lib/formats/vib/open-vib.ts';
import type { Reason } from '#lib/model/fault.ts';
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import type { HostVersion } from '#lib/model/inventory.ts';
import { type AcceptanceLevel, compareAcceptance, type VibDescriptor } from '#lib/model/vib.ts';
import { compareVibVersions, satisfies } from '#lib/model/vib-version.ts';
import { fitsPlatform, HOST_VERSIONS } from '#lib/rules/hosts/host-version.ts';
import type { InstalledVib } from '#lib/wire/agent/host-rpc.ts';

/** Where a community VIB may put files. */
const COMMUNITY_ROOTS = ['opt/', 'store/'];
/** What the platform itself provides, so that no VIB in the image needs to. */
const PLATFORM_NAMES = /^(?:esx-(?:base|update)|vmkapi_.*|vmkernel.*)$/;

export interface InstallFacts {
  vib: OpenVib;
  installed: readonly InstalledVib[];
  /** The version whose place the VIB shall take; null when it is not to take one's place. */
  replaced: InstalledVib | null;
  acceptanceLevel: AcceptanceLevel;
  hostVersion: HostVersion;
}

export function reasonsAgainstInstall(facts: InstallFacts): Reason[] {
  // What is replaced is not there any more when the VIB is.
  const others = facts.installed.filter((vib) => vib !== facts.replaced);
  const left = { ...facts, installed: others };
  return [
    ...platformReasons(facts),
    ...acceptanceReasons(facts),
    ...upgradeReasons(facts),
    ...presenceReasons(left),
    ...extensibilityReasons(facts),
    ...relationReasons(left),
    ...dependentReasons(left),
  ];
}

function upgradeReasons({ vib, replaced }: InstallFacts): Reason[] {
  const { id, descriptor } = vib.inspection;
  if (!replaced || compareVibVersions(descriptor.version, replaced.descriptor.version) > 0) {
    return [];
  }
  return [
    {
      fault: 'InvalidArgument',
      message: `VIB ${id} is no upgrade of ${replaced.id}, which is installed.`,
      remedy: 'Choose a VIB with a higher version.',
    },
  ];
}

/** VIBs that need what is replaced, and would not be content with what comes. */
function dependentReasons({ vib, replaced, installed }: InstallFacts): Reason[] {
  if (!replaced) return [];
  const { id, descriptor } = vib.inspection;
  const offers = (from: VibDescriptor, wanted: VibDescriptor['depends'][number]) =>
    [{ name: from.name, version: from.version }, ...from.provides].some(
      ({ name, version }) => name === wanted.name && satisfies(version, wanted),
    );
  return installed
    .filter((other) =>
      other.descriptor.depends.some(
        (wanted) => offers(replaced.descriptor, wanted) && !offers(descriptor, wanted),
      ),
    )
    .map((other) => ({
      fault: 'ResourceInUse',
      message: `VIB ${other.id} depends on ${replaced.id}, and ${id} does not offer the same.`,
      remedy: `Upgrade ${other.descriptor.name} first.`,
    }));
}

function platformReasons({ vib, hostVersion }: InstallFacts): Reason[] {
  const { id, filter, descriptor } = vib.inspection;
  if (filter && !HOST_VERSIONS[hostVersion].hasFilters) {
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
  if (
    platforms.length === 0 ||
    platforms.some(({ version }) => fitsPlatform(hostVersion, version))
  ) {
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
