// Whether a virtual machine can be recovered from the copies of its disks, at a moment, as a new
// virtual machine on a host and a datastore.
import type { Reason } from '../../model/fault.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { DatastoreFacts, HostFacts } from '../facts.ts';
import { mountReasons, spaceReasons } from '../storage/vm-reasons.ts';

/** What a target has of one disk. */
export interface CopyFacts {
  label: string;
  targetName: string;
  /** What the target failed with when it was asked last; empty when it answered. */
  targetTrouble: string;
  /** Why the copy alone makes no disk; empty when it does. */
  unusable: string;
  capacityBytes: number;
}

export interface RecoveryFacts {
  source: { id: string; name: string };
  copies: readonly CopyFacts[];
  /** Labels of disks that are not replicated. */
  left: readonly string[];
  /** The moments that all copies can be had at, as ISO 8601; nulls for none. */
  windowFrom: string | null;
  windowTo: string | null;
  /** The moment that is wanted; null for the newest one. */
  at: string | null;
  name: string;
  nameTaken: boolean;
  destination: HostFacts;
  datastore: DatastoreFacts;
  /** What the copied disks will take. */
  neededBytes: number;
}

export function judgeRecovery(facts: RecoveryFacts): Verdict {
  const { destination, datastore, neededBytes } = facts;
  return verdictOf(
    [
      ...copyReasons(facts),
      ...momentReasons(facts),
      ...nameReasons(facts),
      ...connectionReasons(destination),
      ...mountReasons(destination, datastore),
      ...spaceReasons(datastore, neededBytes),
    ],
    leftOut(facts),
  );
}

/** Whatever the moment and the place: why nothing can be recovered now. */
export function copyReasons({
  source,
  copies,
}: Pick<RecoveryFacts, 'source' | 'copies'>): Reason[] {
  const objects = [source.id];
  if (copies.length === 0) {
    const message = `${source.name} is not replicated.`;
    const remedy = 'Give its disks a storage policy with replication.';
    return [{ fault: 'InvalidState', message, remedy, objects }];
  }
  return copies.flatMap(({ label, targetName, targetTrouble, unusable }): Reason[] => {
    if (targetTrouble !== '') {
      const message = `The copy of ${label} cannot be reached. ${targetTrouble}`;
      const remedy = `Bring the replication target ${targetName} back.`.replace('  ', ' ');
      return [{ fault: 'HostNotReachable', message, remedy, objects }];
    }
    if (unusable === '') return [];
    const message = `${label} of ${source.name} cannot be recovered. ${unusable}`;
    return [{ fault: 'InvalidState', message, objects }];
  });
}

function momentReasons({ source, at, windowFrom, windowTo }: RecoveryFacts): Reason[] {
  if (at === null || windowFrom === null || windowTo === null) return [];
  if (at >= windowFrom && at <= windowTo) return [];
  const message = `${source.name} cannot be had as it was at ${at}.`;
  const remedy = `Choose a moment from ${windowFrom} to ${windowTo}.`;
  return [{ fault: 'InvalidArgument', message, remedy, objects: [source.id] }];
}

function nameReasons({ name, nameTaken }: RecoveryFacts): Reason[] {
  if (!nameTaken) return [];
  const message = `There is a virtual machine ${name} already, or one is being made.`;
  return [{ fault: 'DuplicateName', message, remedy: 'Choose another name.' }];
}

function connectionReasons({ id, name, connectionState }: HostFacts): Reason[] {
  if (connectionState === 'connected') return [];
  const message = `${name} is not connected.`;
  return [{ fault: 'HostNotConnected', message, remedy: `Reconnect ${name}.`, objects: [id] }];
}

function leftOut({ source, left, copies }: RecoveryFacts): Reason[] {
  if (copies.length === 0) return [];
  return left.map((label) => ({
    fault: 'InvalidState',
    message: `${label} of ${source.name} is not replicated, and is left out.`,
    objects: [source.id],
  }));
}
