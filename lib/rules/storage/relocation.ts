// Storage migration, alone or together with a change of host: which steps take a virtual machine
// there, and why there may be none. The host that runs the VM copies, so it must reach both ends.

import type { Provisioning } from '../../model/disk-storage.ts';
import type { Reason } from '../../model/fault.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { DatastoreFacts, DiskFacts, HostFacts, VmFacts } from '../facts.ts';
import { judgeMigration, judgePlacement } from '../placement.ts';
import {
  hostReasons,
  linkedCloneReasons,
  mountReasons,
  spaceReasons,
  suspendedReasons,
} from './vm-reasons.ts';

/** Where one disk shall be, and how it shall take its space there. */
export interface WantedDisk {
  key: number;
  datastoreId: string;
  provisioning: Provisioning;
}

/** Where the VM shall be. Disks that stay may be named too. */
export interface WantedPlace {
  homeDatastoreId: string;
  disks: WantedDisk[];
}

export type RelocationStep =
  | { kind: 'relocate'; place: WantedPlace }
  | { kind: 'migrate'; hostId: string };

export interface RelocationFacts {
  vm: VmFacts;
  /** Where it is. */
  host: HostFacts;
  /** Where it shall run; the same host when only storage moves. */
  destination: HostFacts;
  wanted: WantedPlace;
  datastores: DatastoreFacts[];
}

export interface RelocationPlan {
  verdict: Verdict;
  /** In order; empty when refused. */
  steps: RelocationStep[];
}

/**
 * Moves the storage before the host when the present host reaches the new place, after it when the
 * new host reaches the old place, else by a datastore that both reach.
 */
export function planRelocation(facts: RelocationFacts): RelocationPlan {
  const { vm, host, destination, wanted } = facts;
  const movesStorage = differs(vm, wanted);
  const movesHost = destination.id !== host.id;
  if (!movesStorage && !movesHost) {
    const message = `${vm.name} is there already.`;
    return refused([{ fault: 'InvalidArgument', message, objects: [vm.id] }]);
  }
  const reasons = [
    ...hostReasons(vm, host),
    ...(movesStorage ? storageReasons(facts) : []),
    ...(movesHost ? judgeMigration(placedAt(vm, facts, wanted), host, destination).reasons : []),
  ];
  if (reasons.length > 0) return refused(reasons);
  if (!movesHost) return planStorageOnly(facts);
  const migrate = { kind: 'migrate' as const, hostId: destination.id };
  if (!movesStorage) return { verdict: verdictOf([]), steps: [migrate] };
  const relocate = { kind: 'relocate' as const, place: wanted };
  if (reaches(host, wanted)) return { verdict: verdictOf([]), steps: [relocate, migrate] };
  const now = placeOf(vm);
  if (reaches(destination, now) && judgePlacement(vm, destination).allowed) {
    return { verdict: verdictOf([]), steps: [migrate, relocate] };
  }
  return planDetour(facts, migrate);
}

/** Whether the home or a disk would change its datastore, or how it takes its space. */
function differs(vm: VmFacts, wanted: WantedPlace): boolean {
  if (wanted.homeDatastoreId !== vm.datastoreId) return true;
  return changedDisks(vm, wanted).length > 0;
}

/** The disks that must be copied to be as wanted. */
export function changedDisks(vm: VmFacts, wanted: WantedPlace): WantedDisk[] {
  return wanted.disks.filter((disk) => {
    const now = vm.disks.find(({ key }) => key === disk.key);
    return now?.datastoreId !== disk.datastoreId || now.provisioning !== disk.provisioning;
  });
}

function planStorageOnly({ host, wanted, datastores }: RelocationFacts): RelocationPlan {
  const reasons = datastoresOf(wanted, datastores).flatMap((found) => mountReasons(host, found));
  if (reasons.length > 0) return refused(reasons);
  return { verdict: verdictOf([]), steps: [{ kind: 'relocate', place: wanted }] };
}

/** Both hosts reach a third datastore, with space for all of it. */
function planDetour(facts: RelocationFacts, migrate: RelocationStep): RelocationPlan {
  const { vm, host, destination, wanted, datastores } = facts;
  const needed = vm.disks.reduce((sum, disk) => sum + sizeOf(disk, disk.provisioning), 0);
  const [detour] = datastores
    .filter((found) => [host, destination].every((end) => mountReasons(end, found).length === 0))
    .filter((found) => found.freeBytes >= needed)
    .sort((a, b) => b.freeBytes - a.freeBytes);
  if (detour) {
    const disks = vm.disks.map(({ key, provisioning }) => ({
      ...{ key, provisioning, datastoreId: detour.id },
    }));
    const place = { homeDatastoreId: detour.id, disks };
    return {
      verdict: verdictOf([]),
      steps: [
        { kind: 'relocate', place },
        migrate,
        ...(differs(placedAt(vm, facts, place), wanted)
          ? [{ kind: 'relocate' as const, place: wanted }]
          : []),
      ],
    };
  }
  return refused([
    {
      fault: 'InvalidDatastore',
      message:
        `${host.name} and ${destination.name} reach no datastore in common ` +
        `that has the space for ${vm.name}.`,
      remedy: 'Mount one datastore on both hosts.',
      objects: [host.id, destination.id],
    },
  ]);
}

function storageReasons({ vm, wanted, datastores }: RelocationFacts): Reason[] {
  const reasons = fixedDiskReasons(vm);
  for (const datastore of datastoresOf(wanted, datastores)) {
    reasons.push(...spaceReasons(datastore, neededOn(datastore.id, vm, wanted)));
  }
  return reasons;
}

/** Why the disks must stay where they are, wherever they were to go. */
export function fixedDiskReasons(vm: VmFacts): Reason[] {
  const reasons = [
    ...suspendedReasons(vm),
    ...linkedCloneReasons(vm, `the disks of ${vm.name} cannot move`),
  ];
  if (vm.linkedTo) {
    reasons.push({
      fault: 'InvalidState',
      message: `${vm.name} is a linked clone: its disks cannot move away from those of its parent.`,
      remedy: `Make a full clone of ${vm.name} instead.`,
      objects: [vm.id, vm.linkedTo.vmId],
    });
  }
  return reasons;
}

function neededOn(datastoreId: string, vm: VmFacts, wanted: WantedPlace): number {
  return changedDisks(vm, wanted)
    .filter((disk) => disk.datastoreId === datastoreId)
    .reduce((sum, { key, provisioning }) => {
      const disk = vm.disks.find((found) => found.key === key);
      return sum + (disk ? sizeOf(disk, provisioning) : 0);
    }, 0);
}

/** What a copy of the disk takes: a thin one what is in use, as far as that is known. */
export function sizeOf(disk: DiskFacts, provisioning: Provisioning): number {
  if (provisioning !== 'thin') return disk.capacityBytes;
  return Math.min(disk.usedBytes ?? disk.capacityBytes, disk.capacityBytes);
}

function placeOf(vm: VmFacts): WantedPlace {
  const disks = vm.disks.map(({ key, datastoreId, provisioning }) => ({
    ...{ key, datastoreId, provisioning },
  }));
  return { homeDatastoreId: vm.datastoreId, disks };
}

/** The VM as it would be at that place. */
function placedAt(
  vm: VmFacts,
  { datastores }: Pick<RelocationFacts, 'datastores'>,
  place: WantedPlace,
): VmFacts {
  const nameOf = (id: string) => datastores.find((found) => found.id === id)?.name ?? id;
  const disks = vm.disks.map((disk) => {
    const wanted = place.disks.find(({ key }) => key === disk.key);
    if (!wanted) return disk;
    const { datastoreId, provisioning } = wanted;
    return { ...disk, datastoreId, provisioning, datastoreName: nameOf(datastoreId) };
  });
  const home = place.homeDatastoreId;
  return { ...vm, disks, datastoreId: home, datastoreName: nameOf(home) };
}

function reaches(host: HostFacts, place: WantedPlace): boolean {
  return [place.homeDatastoreId, ...place.disks.map(({ datastoreId }) => datastoreId)].every((id) =>
    host.datastores.some((mount) => mount.id === id && mount.accessible),
  );
}

function datastoresOf(place: WantedPlace, datastores: DatastoreFacts[]): DatastoreFacts[] {
  const ids = new Set([place.homeDatastoreId, ...place.disks.map((disk) => disk.datastoreId)]);
  return datastores.filter(({ id }) => ids.has(id));
}

function refused(reasons: Reason[]): RelocationPlan {
  return { verdict: verdictOf(reasons), steps: [] };
}
