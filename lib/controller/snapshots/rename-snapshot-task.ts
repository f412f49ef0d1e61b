// Renames a snapshot where it stands: in the VM's .vmsd file.
import { renameSnapshot as renameSnapshotRpc } from '../../wire/agent/disk-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { changeLayout } from '../layouts/change-layout.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { toRunSpec } from '../vms/vm-store.ts';
import { type RenameSnapshotInput, renameSnapshot } from './rename-snapshot.ts';

export const performRenameSnapshot: TaskHandler<RenameSnapshotInput> = (context, input) =>
  changeLayout(context, { operation: renameSnapshot, input }, async (vm) => {
    const { snapshotId, name, description } = input;
    const { layout } = await callOperation(context, {
      host: vm.host,
      rpc: renameSnapshotRpc,
      input: {
        ...{ operationKey: `${context.taskId}:renameSnapshot`, vm: toRunSpec(vm) },
        ...{ snapshotId, name, description },
      },
    });
    const message = `A snapshot of ${vm.name} is called “${name}” now.`;
    return { layout, result: {}, event: { type: 'VmSnapshotRenamedEvent', message } };
  });
