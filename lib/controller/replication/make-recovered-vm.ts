// The files of a VM that is made of copies: its home, a mapping for each moment that is served, and
// at last disks of its own in place of the mappings.
import { dirname, join } from 'node:path';
import { Fault } from '../../model/fault.ts';
import { attachDisk, relocateVm, type VmLayout } from '../../wire/agent/disk-rpc.ts';
import { createVm } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { markLayoutUnknown, showProgress } from '../layouts/change-layout.ts';
import { writeLayout } from '../layouts/write-layout.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { findVm, toRunSpec } from '../vms/vm-store.ts';
import type { Moment } from './serve-moments.ts';

/** The folder of the mappings, below the VM's home. */
const FOLDER = 'moment';

export async function makeHome(context: TaskContext, vmId: string): Promise<void> {
  const vm = await findVm(context.db, vmId);
  const input = {
    ...{ operationKey: `${context.taskId}:createVm`, contents: [] },
    vm: { ...toRunSpec(vm), disks: [] },
  };
  await context.agents.call(vm.host, createVm, input, {
    ...{ signal: context.signal, patienceMs: 30_000 },
  });
}

export async function attachMoments(
  context: TaskContext,
  vmId: string,
  moments: readonly Moment[],
): Promise<void> {
  for (const moment of moments) {
    const vm = await findVm(context.db, vmId);
    const { diskKey: key, label, unit, sizeBytes: capacityBytes } = moment;
    if (vm.disks.some((disk) => disk.key === key)) continue;
    const path = join(dirname(vm.vmxPath), FOLDER, `${vm.name}_${key}.vmdk`);
    const place = { datastoreId: vm.datastoreId, path };
    const { layout } = await callOperation(context, {
      host: vm.host,
      rpc: attachDisk,
      input: {
        ...{ operationKey: `${context.taskId}:attach:${key}:${moment.exportName}` },
        vm: toRunSpec(vm),
        disk: { key, label, unit, ...place, capacityBytes, filters: [] },
        create: { device: moment.device },
      },
    });
    await write(context, vmId, layout);
  }
}

/** Copies the disks, and what was written to them since, into the VM's home while it works. */
export async function bringHome(context: TaskContext, vmId: string): Promise<void> {
  const vm = await findVm(context.db, vmId);
  await transact(context.db, (tx) => markLayoutUnknown(tx, vmId));
  const step = `Copying the disks of ${vm.name}`;
  const disks = vm.disks.map(({ key, datastoreId }) => ({
    ...{ key, datastoreId, provisioning: 'thin' as const },
    path: join(dirname(vm.vmxPath), `${vm.name}_${key}.vmdk`),
  }));
  const { layout } = await callOperation(context, {
    host: vm.host,
    rpc: relocateVm,
    input: {
      ...{ operationKey: `${context.taskId}:relocate`, vm: toRunSpec(vm) },
      ...{ home: null, disks },
    },
    cancelable: true,
    onProgress: showProgress(context, 25, 92, step),
  });
  await write(context, vmId, layout);
  const moved = await findVm(context.db, vmId);
  const isHome = moved.disks.every(({ path }) => !path.includes(`/${FOLDER}/`));
  if (!isHome) throw new Fault('SystemError', `Not all disks of ${vm.name} were copied.`);
}

async function write({ db, clock }: TaskContext, vmId: string, layout: VmLayout): Promise<void> {
  await transact(db, async (tx) => {
    await recordChanges(tx, await writeLayout(tx, { vmId, layout, now: clock.now() }));
  });
}
