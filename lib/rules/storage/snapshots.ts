// Whether a snapshot of a virtual machine may be taken, gone back to, renamed or removed.
import type { Reason } from '../../model/fault.ts';
import { SNAPSHOT_DEPTH_MAX, SNAPSHOTS_PER_VM_MAX } from '../../model/limits.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { HostFacts, SnapshotFacts, VmFacts } from '../facts.ts';
import {
  diskWorkReasons,
  hostReasons,
  linkedCloneReasons,
  mergeReasons,
  suspendedReasons,
  templateReasons,
} from './vm-reasons.ts';

export function judgeCreateSnapshot(vm: VmFacts, host: HostFacts): Verdict {
  const reasons = diskWorkReasons(vm, host);
  if (vm.disks.length === 0) {
    reasons.push(refusal(vm, `${vm.name} has no disk of which a snapshot could be taken.`));
  }
  if (snapshotDepth(vm, vm.currentSnapshotId) >= SNAPSHOT_DEPTH_MAX) {
    reasons.push({
      fault: 'TooManySnapshotLevels',
      message: `${vm.name} has ${SNAPSHOT_DEPTH_MAX} snapshots on top of each other already.`,
      remedy: `Remove snapshots of ${vm.name}.`,
      objects: [vm.id],
    });
  }
  if (vm.snapshots.length >= SNAPSHOTS_PER_VM_MAX) {
    reasons.push(refusal(vm, `${vm.name} has ${SNAPSHOTS_PER_VM_MAX} snapshots already.`));
  }
  return verdictOf(reasons);
}

/** What was written since is given up, and a running VM is powered off: warnings say so. */
export function judgeRevert(vm: VmFacts, host: HostFacts, snapshotId: number | null): Verdict {
  const reasons = [...hostReasons(vm, host), ...templateReasons(vm)];
  const snapshot = vm.snapshots.find(({ id }) => id === snapshotId);
  if (!snapshot) return verdictOf([...reasons, noSnapshot(vm)]);
  const warnings: Reason[] = [];
  if (vm.powerState !== 'poweredOff') {
    const end = vm.powerState === 'poweredOn' ? 'powered off' : 'no longer suspended';
    warnings.push({
      fault: 'InvalidPowerState',
      message: `${vm.name} will be ${end}: the snapshot holds disks, no running state.`,
      objects: [vm.id],
    });
  }
  warnings.push({
    fault: 'InvalidState',
    message:
      `What ${vm.name} wrote since its last snapshot will be given up, ` +
      `unless you take another snapshot before.`,
    objects: [vm.id],
  });
  return verdictOf(reasons, warnings);
}

export function judgeRenameSnapshot(vm: VmFacts, host: HostFacts, snapshotId: number): Verdict {
  const found = vm.snapshots.some(({ id }) => id === snapshotId);
  return verdictOf([
    ...hostReasons(vm, host),
    ...suspendedReasons(vm),
    ...(found ? [] : [noSnapshot(vm)]),
  ]);
}

/** Alone, or with all that descend from it. */
export function judgeRemoveSnapshot(
  vm: VmFacts,
  host: HostFacts,
  { snapshotId, removeChildren }: { snapshotId: number; removeChildren: boolean },
): Verdict {
  const reasons = mergeReasons(vm, host);
  if (!vm.snapshots.some(({ id }) => id === snapshotId)) {
    return verdictOf([...reasons, noSnapshot(vm)]);
  }
  const gone = removeChildren ? descendants(vm.snapshots, snapshotId) : [snapshotId];
  return verdictOf(
    [...reasons, ...linkedCloneReasons(vm, 'it cannot be removed', gone)],
    mergeWarnings(vm),
  );
}

export function judgeRemoveAllSnapshots(vm: VmFacts, host: HostFacts): Verdict {
  const reasons = mergeReasons(vm, host);
  if (vm.snapshots.length === 0) reasons.push(noSnapshot(vm));
  return verdictOf(
    [...reasons, ...linkedCloneReasons(vm, 'it cannot be removed')],
    mergeWarnings(vm),
  );
}

/** Redo logs that a broken-off merge has left are merged after all. */
export function judgeConsolidate(vm: VmFacts, host: HostFacts): Verdict {
  const reasons = mergeReasons(vm, host);
  if (!vm.consolidationNeeded) {
    reasons.push(refusal(vm, `The disks of ${vm.name} need no consolidation.`));
  }
  return verdictOf(reasons, mergeWarnings(vm));
}

/** A merge gives room back at its end; what it writes before may have to find some. */
function mergeWarnings(vm: VmFacts): Reason[] {
  const { waitsForSpaceOn: place } = vm;
  if (place === null) return [];
  return [
    {
      fault: 'NoDiskSpace',
      message:
        `${vm.name} waits for space on ${place.name}. Merging into a thin disk may need some ` +
        `before it gives any back; what cannot be merged stays, to be consolidated later.`,
      objects: [vm.id, place.id],
    },
  ];
}

/** Redo logs below the running state when it descends from this snapshot. */
export function snapshotDepth(vm: Pick<VmFacts, 'snapshots'>, snapshotId: number | null): number {
  const byId = new Map(vm.snapshots.map((snapshot) => [snapshot.id, snapshot]));
  let depth = 0;
  for (let at = byId.get(snapshotId ?? -1); at; at = byId.get(at.parentId ?? -1)) {
    depth += 1;
    if (depth > byId.size) break;
  }
  return depth;
}

/** The snapshot and all below it, parents before children. */
export function descendants(
  snapshots: readonly Pick<SnapshotFacts, 'id' | 'parentId'>[],
  snapshotId: number,
): number[] {
  const found = [snapshotId];
  for (const id of found) {
    found.push(
      ...snapshots.filter(({ parentId }) => parentId === id).map((snapshot) => snapshot.id),
    );
    if (found.length > snapshots.length) break;
  }
  return found;
}

/** Refused while snapshots exist: `what` completes “…, so ”. */
export function snapshotTreeReasons(vm: VmFacts, what: string): Reason[] {
  if (vm.snapshots.length === 0) return [];
  const names = vm.snapshots.map(({ name }) => `“${name}”`);
  const shown = names.length > 3 ? `${names.length} snapshots` : `snapshots (${names.join(', ')})`;
  return [
    {
      fault: 'InvalidState',
      message: `${vm.name} has ${shown}, so ${what}.`,
      remedy: `Remove the snapshots of ${vm.name} first.`,
      objects: [vm.id],
    },
  ];
}

function noSnapshot(vm: VmFacts): Reason {
  const message =
    vm.snapshots.length === 0
      ? `${vm.name} has no snapshot.`
      : `${vm.name} has no such snapshot, or descends from none.`;
  return { fault: 'NotFound', message, objects: [vm.id] };
}

function refusal(vm: VmFacts, message: string): Reason {
  return { fault: 'InvalidState', message, objects: [vm.id] };
}
