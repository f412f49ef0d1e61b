// Rules around signing I/O filters, and installing them on a cluster and removing them, with the
// faults that IoFilterManager declares.
import type { Reason } from '../model/fault.ts';
import { FILTER_CLASSES, type FilterClass } from '../model/filter-class.ts';
import type { ConnectionState } from '../model/inventory.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';
import type { AcceptanceLevel } from '../model/vib.ts';
import { platformReasons, versionReasons } from './hosts/host-version.ts';

export interface InstallFacts {
  computeResource: { name: string; kind: 'cluster' | 'host' };
  drsEnabled: boolean;
  hosts: { id: string; name: string; version: string | null; connectionState: ConnectionState }[];
  filter: { name: string; vendor: string; version: string; type: FilterClass } | null;
  vibFileName: string;
  /** One of the VIB's trusted signers is the vendor of the platform. */
  platformSigned: boolean;
  /** Versions of hosts that the VIB is made for; empty: all. */
  platforms: readonly { version: string }[];
  vibId: string;
  /** Filters that the cluster has. */
  installed: { name: string; vendor: string; version: string }[];
}

/** InstallIoFilter_Task: on clusters with hosts alone, and once for each name and vendor. */
export function judgeFilterInstall(facts: InstallFacts): Verdict {
  const { computeResource, filter } = facts;
  if (computeResource.kind !== 'cluster') {
    return verdictOf([
      {
        fault: 'InvalidArgument',
        message:
          `${computeResource.name} is a standalone host; ` +
          'I/O filters are installed on clusters.',
        remedy: `Move ${computeResource.name} into a cluster and install the filter there.`,
      },
    ]);
  }
  const reasons: Reason[] = [];
  if (!filter) {
    reasons.push({
      fault: 'InvalidArgument',
      message: `${facts.vibFileName} brings no I/O filter.`,
      remedy: 'Choose a VIB that does.',
    });
  }
  if (facts.hosts.length === 0) {
    reasons.push({
      fault: 'InvalidState',
      message: `The cluster ${computeResource.name} has no hosts.`,
      remedy: 'Add a host to the cluster first.',
    });
  }
  const same = facts.installed.find(
    (other) => other.name === filter?.name && other.vendor === filter.vendor,
  );
  if (same) {
    reasons.push({
      fault: 'AlreadyExists',
      message:
        `${same.name} ${same.version} of ${same.vendor} ` +
        `is on ${computeResource.name} already.`,
      remedy: 'Use Resolve if it failed on a host, or Upgrade to a higher version.',
    });
  }
  const { hosts, drsEnabled, vibId, platforms } = facts;
  const clusterName = computeResource.name;
  const ofPartner = !facts.platformSigned;
  reasons.push(
    ...classReasons(facts),
    ...versionReasons({ clusterName, drsEnabled, hosts, ofPartner }),
    ...platformReasons(vibId, platforms, hosts),
  );
  return verdictOf(reasons, connectionWarnings(facts));
}

export interface UninstallFacts {
  cluster: { name: string; drsEnabled: boolean };
  filterId: string;
  disks: { vmId: string; vmName: string; diskLabel: string }[];
}

/** UninstallIoFilter_Task: no disk may use the filter, and DRS must be enabled. */
export function judgeFilterUninstall({ cluster, filterId, disks }: UninstallFacts): Verdict {
  const reasons: Reason[] = [];
  if (disks.length > 0) {
    const names = disks.map((disk) => `${disk.vmName} (${disk.diskLabel})`).join(', ');
    reasons.push({
      fault: 'FilterInUse',
      message: `${filterId} is in use by ${names}.`,
      remedy: 'Assign these disks a storage policy without the filter.',
      objects: [...new Set(disks.map((disk) => disk.vmId))],
    });
  }
  if (!cluster.drsEnabled) {
    reasons.push({
      fault: 'InvalidState',
      message: `DRS is disabled on ${cluster.name}; uninstalling needs it to empty the hosts.`,
      remedy: `Enable DRS on ${cluster.name}.`,
    });
  }
  return verdictOf(reasons);
}

/** What decides whether a VIB may be signed for an acceptance level. */
export interface SigningFacts {
  vibId: string;
  /** Of the VIB: the code of its vendor. */
  vendor: string;
  /** The code of the platform's vendor. */
  platformVendor: string;
  filterClass: FilterClass;
  level: AcceptanceLevel;
}

/** Filters of some classes come from the vendor of the platform alone, whatever they pass. */
export function judgeSigning(facts: SigningFacts): Verdict {
  const { vibId, vendor, platformVendor, filterClass, level } = facts;
  const { vendorOnly, label } = FILTER_CLASSES[filterClass];
  const reasons: Reason[] = [];
  if (vendorOnly && vendor !== platformVendor) {
    reasons.push({
      fault: 'ExtensibilityError',
      message:
        `Filters of the class ${label} come from the vendor of the platform alone; ` +
        `VIB ${vibId} is of the vendor ${vendor}.`,
      remedy: 'Choose a class that is open to partners.',
    });
  } else if (vendorOnly && level !== 'VMwareCertified' && level !== 'VMwareAccepted') {
    reasons.push({
      fault: 'ExtensibilityError',
      message:
        `Filters of the class ${label} come from the vendor of the platform alone; ` +
        `${level} is not signed by it.`,
      remedy: 'Ask for VMwareAccepted or VMwareCertified.',
    });
  }
  return verdictOf(reasons);
}

/** Each host refuses it too, by the signatures that it has verified itself. */
function classReasons({ filter, platformSigned, vibFileName }: InstallFacts): Reason[] {
  if (!filter || platformSigned || !FILTER_CLASSES[filter.type].vendorOnly) return [];
  return [
    {
      fault: 'ExtensibilityError',
      message:
        `Filters of the class ${FILTER_CLASSES[filter.type].label} come from the vendor of the ` +
        `platform alone; ${vibFileName} is not signed by it.`,
      remedy: 'Choose a filter of a class that is open to partners.',
    },
  ];
}

function connectionWarnings({ hosts }: InstallFacts): Reason[] {
  return hosts
    .filter((host) => host.connectionState !== 'connected')
    .map((host) => ({
      fault: 'HostNotConnected',
      message:
        `${host.name} is not connected; ` +
        'the installation will fail there and can be resolved later.',
      objects: [host.id],
    }));
}
