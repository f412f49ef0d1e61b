// Imports a VM: its host fetches and converts the disks, and the VM is in the inventory when its
// files are complete. Resumes after a crash with the same identity.
import { z } from 'zod';
import { randomUuid } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { destroyVm } from '../../wire/agent/disk-rpc.ts';
import type { VmRunSpec } from '../../wire/agent/host-rpc.ts';
import { importVm as importVmRpc } from '../../wire/agent/import-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { freeFolder } from '../clones/free-folder.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { FIRST_DISK_KEY, unitOfKey } from '../disks/disk-units.ts';
import { postEvent } from '../events/post-event.ts';
import { findHost } from '../hosts/host-store.ts';
import { allocateId } from '../inventory/allocate-id.ts';
import { showProgress } from '../layouts/change-layout.ts';
import { systemCaller } from '../permissions/caller.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { powerOn } from '../vms/power-on.ts';
import { type ImportInput, importVm } from './import-vm.ts';

const checkpointSchema = z.object({
  /** Id and UUID of the VM. */
  vmId: z.string(),
  uuid: z.string(),
  /** Of its files; a task that an earlier version began has none. */
  folder: z.string().optional(),
  /** Null until it is in the inventory. */
  warnings: z.array(z.string()).nullable(),
});
type Checkpoint = z.infer<typeof checkpointSchema>;

export const performImport: TaskHandler<ImportInput> = async (context, input) => {
  let state = context.checkpoint(checkpointSchema) ?? (await begin(context, input));
  if (state.warnings === null) {
    const { warnings } = await makeFiles(context, input, state);
    state = await register(context, input, { ...state, warnings });
  }
  if (input.powerOn) await startOnce(context, state.vmId);
  return { vmId: state.vmId, warnings: state.warnings };
};

/** Judges again, and draws the VM's identity. */
function begin({ db, taskId, random }: TaskContext, input: ImportInput): Promise<Checkpoint> {
  return transact(db, async (tx) => {
    const observed = await importVm.observe(tx, input);
    requireAllowed(importVm.judge(observed, input));
    const vmId = await allocateId(tx, 'vm');
    const folder = await freeFolder(tx, input.name);
    const checkpoint: Checkpoint = { vmId, uuid: randomUuid(random), folder, warnings: null };
    await tx.task.update({ where: { id: taskId }, data: { checkpoint } });
    return checkpoint;
  });
}

async function makeFiles(
  context: TaskContext,
  input: ImportInput,
  state: Checkpoint,
): Promise<{ warnings: string[] }> {
  const host = await findHost(context.db, input.hostId);
  const sources = input.disks.flatMap(({ format, sizeBytes, sha256 }, index) => {
    if (format === null || sha256 === null) return [];
    const url = context.depot.link('imports', `${input.importId}.${index}`);
    return [{ diskKey: FIRST_DISK_KEY + index, url, sizeBytes, sha256, format }];
  });
  return callOperation(context, {
    host,
    rpc: importVmRpc,
    input: { operationKey: `${context.taskId}:import`, vm: specOf(input, state), sources },
    cancelable: true,
    onProgress: showProgress(context, 0, 98, `Importing ${input.name}`),
  });
}

function specOf(input: ImportInput, state: Checkpoint): VmRunSpec {
  const { name, datastoreId, cpuCount, memoryMib } = input;
  const { vmId, uuid, folder = name } = state;
  return {
    ...{ vmId, name, instanceUuid: uuid, cpuCount, memoryMib, datastoreId },
    ...{ vmxPath: `${folder}/${folder}.vmx`, nbdPort: 0 },
    disks: input.disks.map(({ capacityBytes }, index) => ({
      ...{ key: FIRST_DISK_KEY + index, label: `Hard disk ${index + 1}`, datastoreId },
      ...{ unit: unitOfKey(FIRST_DISK_KEY + index), capacityBytes, filters: [] },
      path: index === 0 ? `${folder}/${folder}.vmdk` : `${folder}/${folder}_${index}.vmdk`,
    })),
  };
}

/** Files that could not be entered are taken away again: nobody would know of them. */
async function register(
  context: TaskContext,
  input: ImportInput,
  state: Checkpoint,
): Promise<Checkpoint> {
  const vm = specOf(input, state);
  try {
    await transact(context.db, async (tx) => {
      await insertVm(tx, input, vm);
      await announce(tx, context, { vm, input, warnings: state.warnings ?? [] });
      const data = { checkpoint: state };
      await tx.task.update({ where: { id: context.taskId }, data });
      await recordChanges(tx, [{ object: vm.vmId, path: 'created' }]);
    });
    return state;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const host = await findHost(context.db, input.hostId);
    const request = { operationKey: `${context.taskId}:destroy`, vm };
    await callOperation(context, { host, rpc: destroyVm, input: request });
    throw error;
  }
}

/** `DuplicateName` when a VM was given the name meanwhile. */
async function insertVm(tx: DatabaseTransaction, input: ImportInput, vm: VmRunSpec): Promise<void> {
  const { name, hostId, guestFullName } = input;
  if (await tx.vm.findUnique({ where: { name } })) {
    throw new Fault('DuplicateName', `There is a virtual machine ${name} already.`);
  }
  const { vmId: id, instanceUuid, datastoreId, vmxPath, cpuCount, memoryMib } = vm;
  await tx.vm.create({
    data: {
      ...{ id, name, instanceUuid, hostId, datastoreId, vmxPath, cpuCount, memoryMib },
      ...{ guestFullName, desiredPowerState: 'poweredOff' },
      disks: {
        create: vm.disks.map(({ filters: _, capacityBytes, ...disk }) => ({
          ...disk,
          capacityBytes: BigInt(capacityBytes),
        })),
      },
    },
  });
}

async function announce(
  tx: DatabaseTransaction,
  { initiator, taskId }: TaskContext,
  { vm, input, warnings }: { vm: VmRunSpec; input: ImportInput; warnings: string[] },
): Promise<void> {
  const { name } = await findHost(tx, input.hostId);
  await postEvent(tx, {
    type: 'VmCreatedEvent',
    severity: warnings.length > 0 ? 'warning' : 'info',
    message: [`${vm.name} was imported on ${name}.`, ...warnings].join(' '),
    objects: [vm.vmId, input.hostId],
    initiator,
    taskId,
  });
}

async function startOnce({ db, taskId, initiator }: TaskContext, vmId: string): Promise<void> {
  const before = await db.task.findFirst({ where: { parentId: taskId, targetId: vmId } });
  if (before) return;
  const caller = systemCaller(initiator);
  await submit({ db, caller, operation: powerOn, input: { vmId }, parentId: taskId });
}
