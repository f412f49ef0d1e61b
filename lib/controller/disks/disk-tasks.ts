// Grows, adds and removes a disk: one call of the host each, whose answer is the VM as it is now.
import type { VirtualDisk } from '../../model/inventory.ts';
import { attachDisk, detachDisk, growDisk as growDiskRpc } from '../../wire/agent/disk-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { changeLayout, showProgress } from '../layouts/change-layout.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { toRunSpec, type VmRow } from '../vms/vm-store.ts';
import { type AttachInput, addDisk } from './add-disk.ts';
import { FIRST_DISK_KEY, freeUnits, keyOfUnit } from './disk-units.ts';
import { type GrowDiskInput, growDisk } from './grow-disk.ts';
import { type RemoveDiskInput, removeDisk } from './remove-disk.ts';

/** A mapping has the size of its device, and an existing disk its own: the host answers it. */
const UNKNOWN_BYTES = 512;

export const performGrowDisk: TaskHandler<GrowDiskInput> = (context, input) =>
  changeLayout(context, { operation: growDisk, input }, async (vm) => {
    const { diskKey, capacityBytes } = input;
    const label = labelOf(vm, diskKey);
    await context.progress(10, `Growing ${label}`);
    const { layout } = await callOperation(context, {
      host: vm.host,
      rpc: growDiskRpc,
      input: {
        ...{ operationKey: `${context.taskId}:growDisk`, vm: toRunSpec(vm) },
        ...{ diskKey, capacityBytes },
      },
      onProgress: showProgress(context, 10, 95, `Growing ${label}`),
    });
    const message = `Reconfigured ${vm.name} on ${vm.host.name}: ${label} has grown.`;
    return { layout, result: { capacityBytes }, event: { type: 'VmReconfiguredEvent', message } };
  });

export const performAddDisk: TaskHandler<AttachInput> = (context, input) =>
  changeLayout(context, { operation: addDisk, input }, async (vm) => {
    const disk = newDisk(vm, input);
    await context.progress(10, `Adding ${disk.label}`);
    const { layout } = await callOperation(context, {
      host: vm.host,
      rpc: attachDisk,
      input: {
        ...{ operationKey: `${context.taskId}:attachDisk`, vm: toRunSpec(vm) },
        ...{ disk, create: creationOf(input) },
      },
      onProgress: showProgress(context, 10, 95, `Adding ${disk.label}`),
    });
    const message = `Reconfigured ${vm.name} on ${vm.host.name}: ${disk.label} was added.`;
    return {
      layout,
      ...(input.disk.kind === 'new'
        ? { provisioning: new Map([[disk.key, input.disk.provisioning]]) }
        : {}),
      result: { diskKey: disk.key },
      event: { type: 'VmReconfiguredEvent', message },
    };
  });

export const performRemoveDisk: TaskHandler<RemoveDiskInput> = (context, input) =>
  changeLayout(context, { operation: removeDisk, input }, async (vm) => {
    const { diskKey, deleteFiles } = input;
    const label = labelOf(vm, diskKey);
    await context.progress(10, `Removing ${label}`);
    const { layout } = await callOperation(context, {
      host: vm.host,
      rpc: detachDisk,
      input: {
        ...{ operationKey: `${context.taskId}:detachDisk`, vm: toRunSpec(vm) },
        ...{ diskKey, deleteFiles },
      },
    });
    const files = deleteFiles ? 'its files were deleted' : 'its files stay on the datastore';
    const message = `Reconfigured ${vm.name} on ${vm.host.name}: ${label} was removed, ${files}.`;
    return { layout, result: {}, event: { type: 'VmReconfiguredEvent', message } };
  });

function labelOf(vm: VmRow, diskKey: number): string {
  return vm.disks.find(({ key }) => key === diskKey)?.label ?? `disk ${diskKey}`;
}

/** The key, the label, the unit and the path that the VM has free. */
function newDisk(vm: VmRow, { disk }: AttachInput): VirtualDisk {
  const [unit = ''] = freeUnits(vm);
  const key = keyOfUnit(unit);
  const labels = new Set(vm.disks.map(({ label }) => label));
  let number = key - FIRST_DISK_KEY + 1;
  while (labels.has(`Hard disk ${number}`)) number += 1;
  return {
    ...{ key, label: `Hard disk ${number}`, unit },
    datastoreId: disk.datastoreId ?? vm.datastoreId,
    path: disk.kind === 'existing' ? disk.path : freePath(vm),
    capacityBytes: disk.kind === 'new' ? disk.capacityBytes : UNKNOWN_BYTES,
    filters: [],
  };
}

/** Beside the VM's other files: web01/web01_1.vmdk. */
function freePath(vm: VmRow): string {
  const taken = new Set(vm.disks.map(({ path }) => path.replace(/-\d{6}\.vmdk$/, '.vmdk')));
  const base = vm.vmxPath.replace(/\.vmx$/, '');
  if (!taken.has(`${base}.vmdk`)) return `${base}.vmdk`;
  let number = 1;
  while (taken.has(`${base}_${number}.vmdk`)) number += 1;
  return `${base}_${number}.vmdk`;
}

function creationOf({ disk }: AttachInput) {
  switch (disk.kind) {
    case 'new':
      return { provisioning: disk.provisioning };
    case 'rawDevice':
      return { device: disk.device };
    case 'existing':
      return null;
  }
}
