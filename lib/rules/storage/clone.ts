// Whether a virtual machine may be cloned there, made a template or a virtual machine again, or
// deleted. The destination of a clone needs compatible filters, as that of a migration does.
import type { Reason } from '../../model/fault.ts';
import { SNAPSHOT_DEPTH_MAX } from '../../model/limits.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { DatastoreFacts, HostFacts, VmFacts } from '../facts.ts';
import { judgePlacement } from '../placement.ts';
import { snapshotDepth } from './snapshots.ts';
import {
  hostReasons,
  linkedCloneReasons,
  mountReasons,
  spaceReasons,
  suspendedReasons,
  templateReasons,
  waitingReasons,
} from './vm-reasons.ts';

export interface CloneFacts {
  vm: VmFacts;
  /** The source's host: it copies. */
  host: HostFacts;
  destination: HostFacts;
  datastore: DatastoreFacts;
  name: string;
  /** Whether a VM has the name, or a task gives it to one. */
  nameTaken: boolean;
  linked: boolean;
  snapshotId: number | null;
  template: boolean;
  powerOn: boolean;
  /** Space that the copies take at once. */
  neededBytes: number;
}

export function judgeClone(facts: CloneFacts): Verdict {
  const { vm, host, destination, datastore } = facts;
  const placed = facts.linked ? withHome(vm, datastore) : moveTo(vm, datastore);
  return verdictOf([
    ...hostReasons(vm, host),
    ...suspendedReasons(vm),
    ...waitingReasons(vm),
    ...nameReasons(facts),
    ...sourceReasons(facts),
    ...(host.id === destination.id ? [] : mountReasons(host, datastore)),
    ...judgePlacement(asPoweredOff(placed), destination).reasons,
    ...spaceReasons(datastore, facts.linked ? 0 : facts.neededBytes),
  ]);
}

/** Which hosts could run a clone of the VM, whatever the datastore. */
export function judgeCloneHost(vm: VmFacts, host: HostFacts): Verdict {
  return judgePlacement({ ...asPoweredOff(vm), disks: vm.disks.map(mountedOn(host)) }, host);
}

export function judgeMarkAsTemplate(vm: VmFacts): Verdict {
  const reasons: Reason[] = [];
  if (vm.isTemplate) {
    reasons.push(refusal(vm, `${vm.name} is a template already.`));
  } else if (vm.powerState !== 'poweredOff') {
    reasons.push(notOff(vm, 'made a template'));
  }
  return verdictOf(reasons);
}

/** The host must be able to run it: a template may have waited while its filter was removed. */
export function judgeMarkAsVirtualMachine(vm: VmFacts, host: HostFacts): Verdict {
  if (!vm.isTemplate) return verdictOf([refusal(vm, `${vm.name} is a virtual machine already.`)]);
  return judgePlacement(vm, host);
}

export function judgeDelete(vm: VmFacts, host: HostFacts): Verdict {
  const reasons = hostReasons(vm, host);
  if (vm.powerState === 'poweredOn') reasons.push(notOff(vm, 'deleted'));
  return verdictOf([...reasons, ...linkedCloneReasons(vm, `${vm.name} cannot be deleted`)]);
}

function nameReasons({ name, nameTaken }: CloneFacts): Reason[] {
  if (!nameTaken) return [];
  const message = `There is a virtual machine ${name} already, or one is being made.`;
  return [{ fault: 'DuplicateName', message, remedy: 'Choose another name.' }];
}

function sourceReasons({ vm, linked, snapshotId, template, powerOn }: CloneFacts): Reason[] {
  const reasons: Reason[] = [];
  const isThere = vm.snapshots.some(({ id }) => id === snapshotId);
  if (snapshotId !== null && !isThere) {
    const message = `${vm.name} has no snapshot ${snapshotId}.`;
    reasons.push({ fault: 'NotFound', message, objects: [vm.id] });
  }
  if (linked && snapshotId === null) {
    reasons.push({
      fault: 'InvalidArgument',
      message: `A linked clone builds on a snapshot of ${vm.name}; none was chosen.`,
      remedy:
        vm.snapshots.length > 0 ? 'Choose the snapshot.' : `Take a snapshot of ${vm.name} first.`,
      objects: [vm.id],
    });
  }
  // The clone's own redo log comes on top of those below the snapshot.
  if (linked && isThere && snapshotDepth(vm, snapshotId) >= SNAPSHOT_DEPTH_MAX) {
    const message = `The snapshot has ${SNAPSHOT_DEPTH_MAX} others below it already.`;
    reasons.push({ fault: 'TooManySnapshotLevels', message, objects: [vm.id] });
  }
  // A snapshot is taken to copy from, and removed after.
  if (!linked && snapshotId === null && vm.powerState !== 'poweredOff') {
    if (snapshotDepth(vm, vm.currentSnapshotId) >= SNAPSHOT_DEPTH_MAX) {
      const message = `${vm.name} takes no further snapshot, from which it could be copied.`;
      reasons.push({ fault: 'TooManySnapshotLevels', message, objects: [vm.id] });
    }
  }
  if (template && powerOn) {
    const message = 'A template cannot be powered on.';
    reasons.push({ fault: 'InvalidArgument', message });
  }
  if (linked) reasons.push(...templateReasons(vm));
  return reasons;
}

function moveTo(vm: VmFacts, { id, name }: DatastoreFacts): VmFacts {
  const disks = vm.disks.map((disk) => ({ ...disk, datastoreId: id, datastoreName: name }));
  return { ...vm, disks, datastoreId: id, datastoreName: name };
}

function withHome(vm: VmFacts, { id, name }: DatastoreFacts): VmFacts {
  return { ...vm, datastoreId: id, datastoreName: name };
}

/** So that its memory counts where it is to run, whatever the source does. */
function asPoweredOff(vm: VmFacts): VmFacts {
  return { ...vm, powerState: 'poweredOff', memoryMib: 0 };
}

function mountedOn(host: HostFacts) {
  const [first] = host.datastores.filter(({ accessible }) => accessible);
  return (disk: VmFacts['disks'][number]) =>
    first ? { ...disk, datastoreId: first.id, datastoreName: first.name } : disk;
}

function notOff(vm: VmFacts, what: string): Reason {
  const how = vm.powerState === 'suspended' ? 'suspended' : 'powered on';
  return {
    fault: 'InvalidPowerState',
    message: `${vm.name} is ${how} and cannot be ${what}.`,
    remedy: `Power off ${vm.name}.`,
    objects: [vm.id],
  };
}

function refusal(vm: VmFacts, message: string): Reason {
  return { fault: 'InvalidState', message, objects: [vm.id] };
}
