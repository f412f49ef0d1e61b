// Whether a virtual machine may be imported there: a free name, a host that can run it, and space
// for its disks. It has no filters yet; a storage policy is assigned afterwards.
import type { Reason } from '../../model/fault.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { DatastoreFacts, HostFacts, VmFacts } from '../facts.ts';
import { judgePlacement } from '../placement.ts';
import { spaceReasons } from './vm-reasons.ts';

export interface ImportFacts {
  name: string;
  /** Whether a VM has the name, or a task gives it to one. */
  nameTaken: boolean;
  destination: HostFacts;
  datastore: DatastoreFacts;
  memoryMib: number;
  powerOn: boolean;
  disks: { label: string; capacityBytes: number }[];
  /** What fetching and converting takes at least. */
  neededBytes: number;
}

export function judgeImport(facts: ImportFacts): Verdict {
  const { destination, datastore, neededBytes } = facts;
  return verdictOf([
    ...nameReasons(facts),
    ...judgePlacement(vmOf(facts), destination).reasons,
    ...spaceReasons(datastore, neededBytes),
  ]);
}

function nameReasons({ name, nameTaken }: ImportFacts): Reason[] {
  if (!nameTaken) return [];
  const message = `There is a virtual machine ${name} already, or one is being made.`;
  return [{ fault: 'DuplicateName', message, remedy: 'Choose another name.' }];
}

/** The VM as it will be; its memory counts when it is to run at once. */
function vmOf({ name, destination, datastore, memoryMib, powerOn, disks }: ImportFacts): VmFacts {
  const place = { datastoreId: datastore.id, datastoreName: datastore.name };
  return {
    ...{ id: '', name, hostId: destination.id, powerState: 'poweredOff', isFaulted: false },
    ...{ waitsForSpaceOn: null, memoryMib: powerOn ? memoryMib : 0, cpuUsage: 0 },
    ...{ isTemplate: false, ...place, vmxPath: '', snapshots: [], currentSnapshotId: null },
    ...{ consolidationNeeded: false, linkedTo: null },
    disks: disks.map(({ label, capacityBytes }, key) => ({
      ...{ key, label, unit: '', ...place, path: '', capacityBytes, usedBytes: null },
      ...{ provisioning: 'thin', filters: [] },
    })),
  };
}
