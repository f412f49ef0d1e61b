// Install IO Filter: on all hosts of a cluster. On a standalone host it is refused, as the API
// does.
import { Fault } from '../../model/fault.ts';
import { filterId } from '../../model/filter.ts';
import { connectionStateSchema } from '../../model/inventory.ts';
import { kindOf } from '../../model/object-kind.ts';
import { vibInspectionSchema } from '../../model/vib.ts';
import { type InstallFacts, judgeFilterInstall } from '../../rules/filter-install.ts';
import { installIoFilterSchema } from '../../wire/api/operations.ts';
import { findClusterFacts } from '../clusters/cluster-store.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Vib } from '../database/generated/client.ts';
import { findHost } from '../hosts/host-store.ts';
import { defineOperation } from '../tasks/operation.ts';

export interface InstallIoFilterInput {
  computeResourceId: string;
  depotId: string;
}

export const installIoFilter = defineOperation({
  key: 'IoFilterManager.installIoFilter',
  label: 'Install IO Filter',
  input: installIoFilterSchema,
  cancelable: true,
  pausable: true,
  async observe(tx, input) {
    const vib = await findDepotVib(tx, input.depotId);
    const facts = await observeResource(tx, input.computeResourceId);
    const platformSigned = isPlatformSigned(vib);
    const brings = {
      ...{ filter: readFilter(vib), vibFileName: vib.fileName, vibId: vib.vibId },
      ...{ platformSigned, platforms: platformsOf(vib) },
    };
    return { ...facts, vib, install: { ...facts.install, ...brings } };
  },
  privileges: ({ target, install: { hosts } }) =>
    (hosts.length > 0 ? hosts : [target]).map(({ id }) => ({
      privilege: 'Host.Config.Patch',
      objectId: id,
    })),
  judge: ({ install }) => judgeFilterInstall(install),
});

/** `NotFound` when the depot has no such VIB. */
export async function findDepotVib(tx: DatabaseTransaction, depotId: string): Promise<Vib> {
  const vib = await tx.vib.findUnique({ where: { id: depotId } });
  if (!vib) throw new Fault('NotFound', `There is no VIB ${depotId} in the depot.`);
  return vib;
}

/** The filter that a VIB of the depot brings, as a cluster keeps it; null when it brings none. */
export function readFilter(vib: Vib) {
  const { descriptor, filter } = vibInspectionSchema.parse(vib.inspection);
  if (!filter) return null;
  const { vendor, version, releaseDate } = descriptor;
  const { name } = filter;
  return {
    filterId: filterId({ vendor, name, version }),
    name,
    vendor,
    version,
    type: filter.class,
    summary: filter.summary,
    releaseDate,
  };
}

/** As the depot found when it took the VIB in; hosts look for themselves. */
export function isPlatformSigned(vib: Vib): boolean {
  const { signers } = vibInspectionSchema.parse(vib.inspection);
  return signers.some(({ trusted, platformVendor }) => trusted && platformVendor);
}

/** Versions of hosts that the VIB is made for; empty: all. */
export function platformsOf(vib: Vib): readonly { version: string }[] {
  return vibInspectionSchema.parse(vib.inspection).descriptor.softwarePlatforms;
}

type VibFacts = Pick<
  InstallFacts,
  'filter' | 'vibFileName' | 'platformSigned' | 'platforms' | 'vibId'
>;

interface ObservedResource {
  target: { id: string; name: string };
  install: Omit<InstallFacts, keyof VibFacts>;
}

async function observeResource(tx: DatabaseTransaction, id: string): Promise<ObservedResource> {
  if (kindOf(id) === 'host') {
    const host = await findHost(tx, id);
    const computeResource = { name: host.name, kind: 'host' as const };
    const none = { drsEnabled: false, hosts: [], installed: [] };
    return { target: host, install: { ...none, computeResource } };
  }
  const cluster = await findClusterFacts(tx, id);
  const hosts = await tx.host.findMany({ where: { clusterId: id }, orderBy: { name: 'asc' } });
  const installed = await tx.clusterFilter.findMany({ where: { clusterId: id } });
  return {
    target: cluster,
    install: {
      computeResource: { name: cluster.name, kind: 'cluster' },
      drsEnabled: cluster.drs.enabled,
      installed,
      hosts: hosts.map((host) => ({
        id: host.id,
        name: host.name,
        version: host.version,
        connectionState: connectionStateSchema.parse(host.connectionState),
      })),
    },
  };
}
