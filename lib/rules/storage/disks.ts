// Whether a disk of a virtual machine may grow, be added or be removed, also while it is on.
import type { Reason } from '../../model/fault.ts';
import { DISKS_PER_VM_MAX } from '../../model/limits.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { DatastoreFacts, DiskFacts, HostFacts, VmFacts } from '../facts.ts';
import { snapshotTreeReasons } from './snapshots.ts';
import {
  diskWorkReasons,
  inGib,
  linkedChainReasons,
  mountReasons,
  spaceReasons,
} from './vm-reasons.ts';

/** The size is null where only the rest is asked for. */
export function judgeGrowDisk(
  vm: VmFacts,
  host: HostFacts,
  { disk, capacityBytes, datastore }: GrowFacts,
): Verdict {
  const reasons = [
    ...diskWorkReasons(vm, host),
    ...snapshotTreeReasons(vm, `${disk.label} cannot grow`),
    ...linkedChainReasons(vm, `${disk.label} cannot grow`),
  ];
  if (capacityBytes === null) return verdictOf(reasons);
  if (capacityBytes <= disk.capacityBytes) {
    reasons.push({
      fault: 'InvalidArgument',
      message:
        `${disk.label} has ${inGib(disk.capacityBytes)}; ` +
        `a disk can only become larger, not ${inGib(capacityBytes)}.`,
    });
  } else if (disk.provisioning !== 'thin' && datastore) {
    reasons.push(...spaceReasons(datastore, capacityBytes - disk.capacityBytes));
  }
  return verdictOf(reasons);
}

export interface GrowFacts {
  disk: DiskFacts;
  capacityBytes: number | null;
  datastore: DatastoreFacts | null;
}

export interface NewDiskFacts {
  vm: VmFacts;
  host: HostFacts;
  kind: 'new' | 'existing' | 'rawDevice';
  /** Where its files, or its mapping, are. */
  datastore: DatastoreFacts;
  /** Space that it takes at once. */
  neededBytes: number;
  physicalMode: boolean;
  /** Of an existing disk: the VM that has it already. */
  usedBy: { id: string; name: string } | null;
  /** How many SCSI units are free. */
  freeUnits: number;
}

export function judgeAddDisk(facts: NewDiskFacts): Verdict {
  const { vm, host, datastore } = facts;
  const reasons = [
    ...diskWorkReasons(vm, host),
    ...mountReasons(host, datastore),
    ...spaceReasons(datastore, facts.neededBytes),
  ];
  if (vm.disks.length >= DISKS_PER_VM_MAX || facts.freeUnits === 0) {
    reasons.push({
      fault: 'InvalidState',
      message: `${vm.name} has ${vm.disks.length} disks; there is no place for another.`,
      objects: [vm.id],
    });
  }
  if (facts.physicalMode) {
    reasons.push({
      fault: 'RDMNotSupported',
      message:
        'A raw device mapping in physical mode hands the commands of the guest to the device, ' +
        'past all I/O filters.',
      remedy: 'Map the device in virtual compatibility mode.',
    });
  }
  if (facts.usedBy) {
    reasons.push({
      fault: 'FileLocked',
      message: `The disk belongs to ${facts.usedBy.name}.`,
      remedy: `Remove it from ${facts.usedBy.name} first.`,
      objects: [facts.usedBy.id],
    });
  }
  return verdictOf(reasons);
}

/** Deleting the files of a disk that snapshots know would take them their content. */
export function judgeRemoveDisk(
  vm: VmFacts,
  host: HostFacts,
  { disk, deleteFiles }: { disk: DiskFacts; deleteFiles: boolean },
): Verdict {
  const reasons: Reason[] = diskWorkReasons(vm, host);
  const isKept = vm.snapshots.some(({ disks }) => disks.some(({ key }) => key === disk.key));
  if (deleteFiles && isKept) {
    reasons.push(...snapshotTreeReasons(vm, `the files of ${disk.label} cannot be deleted`));
  }
  return verdictOf(reasons);
}
