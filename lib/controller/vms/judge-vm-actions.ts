// What the caller may do with a VM now, with its disks and with its snapshots: the verdicts behind
// the buttons of its page. The privileges of all of them are looked up together.
import type { Reason } from '../../model/fault.ts';
import { MIB } from '../../model/limits.ts';
import type { Privilege } from '../../model/role.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import { judgeAddDisk, judgeGrowDisk, judgeRemoveDisk } from '../../rules/storage/disks.ts';
import { fixedDiskReasons } from '../../rules/storage/relocation.ts';
import { judgeRevert, snapshotTreeReasons } from '../../rules/storage/snapshots.ts';
import { hostReasons, suspendedReasons, waitingReasons } from '../../rules/storage/vm-reasons.ts';
import { cloneSourcePrivilege } from '../clones/clone-vm.ts';
import { deleteVm } from '../clones/delete-vm.ts';
import { markAsTemplate, markAsVirtualMachine } from '../clones/mark-template.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { requireDatastore } from '../disks/add-disk.ts';
import { freeUnits } from '../disks/disk-units.ts';
import { encryptedDisks, recryptVm } from '../keys/recrypt-vm.ts';
import type { Caller } from '../permissions/caller.ts';
import { type ActionFacts, judgeActions } from '../permissions/judge-actions.ts';
import { consolidateDisks } from '../snapshots/consolidate-disks.ts';
import { createSnapshot } from '../snapshots/create-snapshot.ts';
import { removeAllSnapshots, removeSnapshot } from '../snapshots/remove-snapshot.ts';
import { renameSnapshot } from '../snapshots/rename-snapshot.ts';
import { revertToSnapshot } from '../snapshots/revert-to-snapshot.ts';
import type { ObservedTarget, Operation } from '../tasks/operation.ts';
import { readRunningTaskReasons } from '../tasks/running-tasks.ts';
import { type ObservedVm, observeVm } from './observe-vm.ts';
import { powerOff } from './power-off.ts';
import { observePowerOn, powerOn } from './power-on.ts';
import { resetVm } from './reset-vm.ts';
import { suspendVm } from './suspend-vm.ts';

type Verdicts = Record<string, Verdict>;

export interface VmActions {
  /** As VmView.actions names them. */
  actions: Verdicts;
  /** By key of the disk. */
  disks: Map<number, Verdicts>;
  /** By id of the snapshot. */
  snapshots: Map<number, Verdicts>;
}

/** `NotFound` when there is no such VM. */
export async function judgeVmActions(
  db: DatabaseTransaction,
  caller: Caller,
  vmId: string,
): Promise<VmActions> {
  const observed = await observeVm(db, { vmId });
  const { vm } = observed;
  const running = (await readRunningTaskReasons(db, [vmId])).get(vmId);
  const busy = running ? [running] : [];
  const groups: Record<string, Record<string, ActionFacts>> = {
    vm: {
      ...(await powerFacts(db, observed)),
      ...(await wholeVmFacts(db, observed)),
    },
  };
  for (const { key } of vm.disks) groups[`disk ${key}`] = diskFacts(observed, key);
  for (const { id } of vm.snapshots) groups[`snapshot ${id}`] = snapshotFacts(observed, id);
  const flat = Object.entries(groups).flatMap(([group, facts]) =>
    Object.entries(facts).map(([name, { reasons = [], ...rest }]) => {
      // A workload runs beside a task.
      const held = name === 'startWorkload' ? [] : busy;
      return [`${group}/${name}`, { ...rest, reasons: [...held, ...reasons] }] as const;
    }),
  );
  const verdicts = await judgeActions(db, caller, Object.fromEntries(flat));
  const of = (group: string): Verdicts =>
    Object.fromEntries(
      Object.keys(groups[group] ?? {}).map((name) => [
        name,
        verdicts[`${group}/${name}`] ?? verdictOf([]),
      ]),
    );
  return {
    actions: of('vm'),
    disks: new Map(vm.disks.map(({ key }) => [key, of(`disk ${key}`)])),
    snapshots: new Map(vm.snapshots.map(({ id }) => [id, of(`snapshot ${id}`)])),
  };
}

/** The operation's own privileges and verdict. */
function factsOf<Input, Observed extends ObservedTarget>(
  operation: Operation<Input, Observed>,
  observed: Observed,
  input: Input,
): ActionFacts {
  const { reasons, warnings } = operation.judge(observed, input);
  return { wanted: operation.privileges(observed, input), reasons, warnings };
}

async function powerFacts(
  db: DatabaseTransaction,
  observed: ObservedVm,
): Promise<Record<string, ActionFacts>> {
  const { vm } = observed;
  const input = { vmId: vm.id };
  const on = await observePowerOn(db, vm.id);
  const isOn = vm.powerState === 'poweredOn';
  return {
    powerOn: factsOf(powerOn, { ...on, target: vm }, input),
    powerOff: factsOf(powerOff, observed, input),
    suspend: factsOf(suspendVm, observed, input),
    reset: factsOf(resetVm, observed, input),
    recrypt: factsOf(recryptVm, recryptOf(observed), { ...input, deep: false }),
    startWorkload: {
      wanted: [{ privilege: 'VirtualMachine.Interact.DeviceConnection', objectId: vm.id }],
      reasons: isOn ? [] : [notRunning(observed)],
    },
  };
}

async function wholeVmFacts(
  db: DatabaseTransaction,
  observed: ObservedVm,
): Promise<Record<string, ActionFacts>> {
  const { vm, host } = observed;
  const input = { vmId: vm.id };
  const away = hostReasons(vm, host);
  const on = (privilege: Privilege) => [{ privilege, objectId: vm.id }];
  const migrate = on(
    vm.powerState === 'poweredOn' ? 'Resource.HotMigrate' : 'Resource.ColdMigrate',
  );
  const add = await addDiskReasons(db, observed);
  const revert = judgeRevert(vm, host, vm.currentSnapshotId);
  return {
    migrate: { wanted: migrate, reasons: waitingReasons(vm) },
    relocate: { wanted: migrate, reasons: [...away, ...fixedDiskReasons(vm)] },
    editPolicies: {
      wanted: [...on('StorageProfile.View'), ...on('VirtualMachine.Config.EditDevice')],
      reasons: policyReasons(observed),
    },
    addDisk: { wanted: on('VirtualMachine.Config.AddNewDisk'), reasons: add },
    addExistingDisk: { wanted: on('VirtualMachine.Config.AddExistingDisk'), reasons: add },
    addRawDevice: { wanted: on('VirtualMachine.Config.RawDevice'), reasons: add },
    createSnapshot: factsOf(createSnapshot, observed, {
      ...{ vmId: vm.id, name: vm.name, description: '', quiesce: false },
    }),
    revertToCurrentSnapshot: { ...revert, wanted: revertToSnapshotPrivilege(observed) },
    consolidateDisks: factsOf(consolidateDisks, observed, input),
    removeAllSnapshots: factsOf(removeAllSnapshots, observed, input),
    clone: {
      wanted: on(cloneSourcePrivilege(vm.isTemplate, vm.isTemplate)),
      reasons: [...away, ...waitingReasons(vm)],
    },
    createLinkedClone: {
      wanted: on('VirtualMachine.Provisioning.Clone'),
      reasons: [...away, ...(vm.snapshots.length === 0 ? [noSnapshot(observed)] : [])],
    },
    markAsTemplate: factsOf(markAsTemplate, observed, input),
    markAsVirtualMachine: factsOf(markAsVirtualMachine, observed, input),
    delete: factsOf(deleteVm, observed, input),
  };
}

function revertToSnapshotPrivilege(observed: ObservedVm) {
  return revertToSnapshot.privileges(observed, { vmId: observed.vm.id, snapshotId: 0 });
}

async function addDiskReasons(db: DatabaseTransaction, { vm, host }: ObservedVm) {
  const datastore = await requireDatastore(db, vm.datastoreId);
  return judgeAddDisk({
    ...{ vm, host, datastore, kind: 'new', neededBytes: MIB, physicalMode: false, usedBy: null },
    freeUnits: freeUnits(vm).length,
  }).reasons;
}

function diskFacts({ vm, host }: ObservedVm, key: number): Record<string, ActionFacts> {
  const disk = vm.disks.find((found) => found.key === key);
  if (!disk) return {};
  const on = (privilege: Privilege) => [{ privilege, objectId: vm.id }];
  return {
    grow: {
      wanted: on('VirtualMachine.Config.DiskExtend'),
      reasons: judgeGrowDisk(vm, host, { disk, capacityBytes: null, datastore: null }).reasons,
    },
    remove: {
      wanted: on('VirtualMachine.Config.RemoveDisk'),
      reasons: judgeRemoveDisk(vm, host, { disk, deleteFiles: false }).reasons,
    },
    removeAndDeleteFiles: {
      wanted: on('VirtualMachine.Config.RemoveDisk'),
      reasons: judgeRemoveDisk(vm, host, { disk, deleteFiles: true }).reasons,
    },
  };
}

function snapshotFacts(observed: ObservedVm, snapshotId: number): Record<string, ActionFacts> {
  const { vm, host } = observed;
  const input = { vmId: vm.id, snapshotId };
  const named = { ...input, name: '', description: '' };
  return {
    revert: factsOf(revertToSnapshot, observed, input),
    rename: factsOf(renameSnapshot, observed, named),
    remove: factsOf(removeSnapshot, observed, { ...input, removeChildren: false }),
    removeWithChildren: factsOf(removeSnapshot, observed, { ...input, removeChildren: true }),
    createLinkedClone: {
      wanted: [{ privilege: 'VirtualMachine.Provisioning.Clone', objectId: vm.id }],
      reasons: hostReasons(vm, host),
    },
  };
}

function policyReasons({ vm }: ObservedVm): Reason[] {
  const tree = snapshotTreeReasons(vm, 'its storage policies cannot be added, changed or removed');
  return [...suspendedReasons(vm), ...waitingReasons(vm), ...tree];
}

function recryptOf({ vm, host }: ObservedVm) {
  return { target: vm, vm, host, disks: encryptedDisks(vm) };
}

function notRunning({ vm }: ObservedVm): Reason {
  return {
    fault: 'InvalidPowerState',
    message: `${vm.name} is ${vm.powerState === 'suspended' ? 'suspended' : 'powered off'}.`,
    remedy: `Power on ${vm.name}.`,
    objects: [vm.id],
  };
}

function noSnapshot({ vm }: ObservedVm): Reason {
  return {
    fault: 'NotFound',
    message: `${vm.name} has no snapshot on which a linked clone could build.`,
    remedy: `Take a snapshot of ${vm.name} first.`,
    objects: [vm.id],
  };
}
