// Takes a snapshot: the host freezes all disks at one moment and goes on in redo logs.
import { createSnapshot as createSnapshotRpc } from '../../wire/agent/disk-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { changeLayout, showProgress } from '../layouts/change-layout.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { toRunSpec } from '../vms/vm-store.ts';
import { type CreateSnapshotInput, createSnapshot } from './create-snapshot.ts';

export const performCreateSnapshot: TaskHandler<CreateSnapshotInput> = (context, input) =>
  changeLayout(context, { operation: createSnapshot, input }, async (vm) => {
    const { name, description, quiesce } = input;
    const step = `Taking a snapshot of ${vm.name}`;
    await context.progress(10, step);
    const answer = await callOperation(context, {
      host: vm.host,
      rpc: createSnapshotRpc,
      input: {
        ...{ operationKey: `${context.taskId}:createSnapshot`, vm: toRunSpec(vm) },
        ...{ name, description, quiesce },
      },
      onProgress: showProgress(context, 10, 95, step),
    });
    const { layout, snapshotId, pauseMs, heldIos } = answer;
    return {
      layout,
      result: { snapshotId, pauseMs, heldIos },
      event: {
        type: 'VmSnapshotCreatedEvent',
        message: `The snapshot “${name}” of ${vm.name} was taken on ${vm.host.name}.`,
      },
    };
  });
