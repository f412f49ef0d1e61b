// Upgrading a filter on a cluster: whether the VIB is an upgrade of it, and what would happen on
// each host. A host is emptied first, since the VMs that run there use the old version; meanwhile
// they run on other hosts with either version.
import type { Reason } from '../model/fault.ts';
import { FILTER_CLASSES, type FilterClass } from '../model/filter-class.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';
import { compareVibVersions } from '../model/vib-version.ts';
import type { ClusterFacts, HostFacts, VmFacts } from './facts.ts';
import { platformReasons, versionReasons } from './hosts/host-version.ts';
import { planEvacuation } from './maintenance.ts';

export interface UpgradeFacts {
  cluster: Pick<ClusterFacts, 'id' | 'name' | 'drs'>;
  /** What the cluster has. */
  filter: { filterId: string; name: string; vendor: string; version: string; opType: string };
  vib: {
    vibId: string;
    fileName: string;
    /** The filter that it brings; null when it brings none. */
    filter: { name: string; vendor: string; version: string; type: FilterClass } | null;
    /** One of its trusted signers is the vendor of the platform. */
    platformSigned: boolean;
    platforms: readonly { version: string }[];
  };
  /** By name. */
  hosts: HostFacts[];
  vms: VmFacts[];
}

/** What would happen on one host. */
export interface HostUpgrade {
  host: { id: string; name: string };
  /** Hosts of one wave are done at the same time; the first is 0. */
  wave: number;
  /** The version that it has now; null when it has none. */
  from: string | null;
  step: 'upgrade' | 'install' | 'nothing';
  /** Whether it goes through maintenance mode. */
  maintenance: boolean;
  moves: { vm: { id: string; name: string }; to: { id: string; name: string } }[];
  /** Why it would fail there; empty when nothing is in the way. */
  blocked: Reason[];
}

/** UpgradeIoFilter_Task: the same filter, a higher version, DRS enabled. */
export function judgeFilterUpgrade(facts: UpgradeFacts): Verdict {
  const { cluster, hosts, vib, filter } = facts;
  const reasons: Reason[] = [...sameFilterReasons(facts)];
  if (filter.opType === 'uninstall') {
    reasons.push({
      fault: 'InvalidState',
      message: `${filter.name} is being uninstalled from ${cluster.name}.`,
      remedy: 'Resolve the uninstallation first.',
    });
  }
  const { id, name: clusterName, drs } = cluster;
  reasons.push(...reasonsAgainstUpgrades({ id, name: clusterName, drsEnabled: drs.enabled }));
  if (vib.filter && FILTER_CLASSES[vib.filter.type].vendorOnly && !vib.platformSigned) {
    reasons.push({
      fault: 'ExtensibilityError',
      message:
        `Filters of the class ${FILTER_CLASSES[vib.filter.type].label} come from the vendor of ` +
        `the platform alone; ${vib.fileName} is not signed by it.`,
    });
  }
  const ofPartner = !vib.platformSigned;
  reasons.push(
    ...versionReasons({ clusterName, drsEnabled: true, hosts, ofPartner }),
    ...platformReasons(vib.vibId, vib.platforms, hosts),
  );
  const plan = drs.enabled ? planFilterUpgrade(facts, 1) : [];
  return verdictOf(
    reasons,
    plan.flatMap(({ blocked }) => blocked),
  );
}

/** Whatever the VIB is: why no filter of the cluster can be upgraded. */
export function reasonsAgainstUpgrades(cluster: {
  id: string;
  name: string;
  drsEnabled: boolean;
}): Reason[] {
  const { id, name, drsEnabled } = cluster;
  if (drsEnabled) return [];
  return [
    {
      fault: 'InvalidState',
      message: `DRS is disabled on ${name}; upgrading needs it to empty the hosts.`,
      remedy: `Enable DRS on ${name}.`,
      objects: [id],
    },
  ];
}

function sameFilterReasons({ filter, vib }: UpgradeFacts): Reason[] {
  const refuse = (message: string, remedy: string): Reason[] => [
    { fault: 'InvalidArgument', message, remedy },
  ];
  if (!vib.filter)
    return refuse(`${vib.fileName} brings no I/O filter.`, 'Choose a VIB that does.');
  const { name, vendor, version } = vib.filter;
  if (name !== filter.name || vendor !== filter.vendor) {
    return refuse(
      `${vib.fileName} brings ${name} of ${vendor}, which is no upgrade of ${filter.name} ` +
        `of ${filter.vendor}.`,
      'Choose a VIB of the same vendor and name.',
    );
  }
  if (compareVibVersions(version, filter.version) > 0) return [];
  return refuse(
    `${vib.fileName} brings ${name} ${version}, which is no higher version than ` +
      `${filter.version}.`,
    version === filter.version
      ? 'Use Resolve if it failed on a host.'
      : 'Choose a VIB with a higher version.',
  );
}

/** Host by host, as many at a time as a wave has. */
export function planFilterUpgrade(facts: UpgradeFacts, hostsAtOnce: number): HostUpgrade[] {
  const affected = facts.hosts.filter((host) => stepOn(facts, host).step !== 'nothing');
  return facts.hosts.map((host) => {
    const { step, from } = stepOn(facts, host);
    const wave = Math.max(0, Math.floor(affected.indexOf(host) / hostsAtOnce));
    const inWave = affected.slice(wave * hostsAtOnce, (wave + 1) * hostsAtOnce);
    const maintenance = step === 'upgrade' && host.maintenanceState === 'normal';
    const part = { host: { id: host.id, name: host.name }, wave, step, from, maintenance };
    if (!maintenance) {
      const blocked = step === 'nothing' ? [] : connectionReasons(host);
      return { ...part, moves: [], blocked };
    }
    const others = facts.hosts.filter((other) => !inWave.includes(other));
    const plan = planEvacuation(host, others, facts.vms);
    return {
      ...part,
      moves: plan.moves.map(({ vmId, toHostId }) => ({
        vm: named(facts.vms, vmId),
        to: named(facts.hosts, toHostId),
      })),
      blocked: [
        ...connectionReasons(host),
        ...plan.blocked.map((one) => cannotEnter(facts, host, one)),
      ],
    };
  });
}

function stepOn(
  { filter, vib }: UpgradeFacts,
  host: HostFacts,
): Pick<HostUpgrade, 'step' | 'from'> {
  const { name, vendor } = filter;
  const present = host.filters.find((one) => one.name === name && one.vendor === vendor);
  if (!present) return { step: 'install', from: null };
  const from = present.version;
  const isThere = vib.filter !== null && compareVibVersions(from, vib.filter.version) >= 0;
  return { step: isThere ? 'nothing' : 'upgrade', from };
}

function named(rows: readonly { id: string; name: string }[], id: string) {
  return { id, name: rows.find((row) => row.id === id)?.name ?? id };
}

function connectionReasons({ id, name, connectionState }: HostFacts): Reason[] {
  if (connectionState === 'connected') return [];
  return [
    {
      fault: 'HostNotConnected',
      message: `${name} is not connected; the upgrade will fail there and can be resolved later.`,
      objects: [id],
    },
  ];
}

/** VibCannotPutHostInMaintenanceMode: one reason for each VM that cannot leave. */
function cannotEnter(
  { vms }: UpgradeFacts,
  host: HostFacts,
  { vmId, reasons }: { vmId: string; reasons: Reason[] },
): Reason {
  const why = [...new Set(reasons.map(({ message }) => message))].join(' ');
  const vm = named(vms, vmId).name;
  return {
    fault: 'InvalidState',
    message: `${host.name} cannot be put into maintenance mode: ${vm} cannot leave it. ${why}`,
    remedy: `Make room for ${vm} on another host, or power it off.`,
    objects: [host.id, vmId],
  };
}
