// Has a host merge redo logs that no snapshot needs, as a task of its own or at the end of another.
import { Fault } from '../../model/fault.ts';
import { consolidateDisks as consolidateRpc, type VmLayout } from '../../wire/agent/disk-rpc.ts';
import type { VmRunSpec } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { changeLayout, showProgress } from '../layouts/change-layout.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { toRunSpec, type VmRow } from '../vms/vm-store.ts';
import { type ConsolidateInput, consolidateDisks } from './consolidate-disks.ts';

export const performConsolidate: TaskHandler<ConsolidateInput> = async (context, input) => {
  let left: VmLayout | null = null;
  let name = '';
  const result = await changeLayout(context, { operation: consolidateDisks, input }, async (vm) => {
    name = vm.name;
    const range = { from: 5, to: 95 };
    const { layout, mergedBytes } = await consolidate(context, vm, { ...range, step: 'all' });
    left = layout;
    const what = layout.consolidationNeeded ? 'consolidated in part' : 'consolidated';
    return {
      layout,
      result: { mergedBytes },
      event: { type: 'VmReconfiguredEvent', message: `The disks of ${vm.name} were ${what}.` },
    };
  });
  requireConsolidated(left, `The disks of ${name} were consolidated in part`);
  return result;
};

/** One call of the host; `step` tells several of one task apart. */
export function consolidate(
  context: TaskContext,
  vm: VmRow,
  { from, to, step, spec }: { from: number; to: number; step: string; spec?: VmRunSpec },
) {
  const operationKey = `${context.taskId}:consolidate:${step}`;
  return callOperation(context, {
    host: vm.host,
    rpc: consolidateRpc,
    input: { operationKey, vm: spec ?? toRunSpec(vm) },
    cancelable: true,
    onProgress: showProgress(context, from, to, `Merging redo logs of ${vm.name}`),
  });
}

/** Throws `RequestCanceled` that says how far it came, when redo logs are left. */
export function requireConsolidated(layout: VmLayout | null, done: string): void {
  if (!layout?.consolidationNeeded) return;
  const message = `${done}; merging its redo logs was canceled.`;
  const remedy = 'Consolidate its disks to merge the rest.';
  const reasons = [{ fault: 'RequestCanceled' as const, message, remedy }];
  throw new Fault('RequestCanceled', message, { reasons });
}
