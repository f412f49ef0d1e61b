// Makes a VM a template, or a template a VM: a word in the inventory, its files stay as they are.
import type { Json } from '../../base/json.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskContext, TaskHandler } from '../tasks/task-context.ts';
import { type MarkInput, markAsTemplate, markAsVirtualMachine } from './mark-template.ts';

export const performMarkAsTemplate: TaskHandler<MarkInput> = (context, input) =>
  mark(context, input, true);

export const performMarkAsVirtualMachine: TaskHandler<MarkInput> = (context, input) =>
  mark(context, input, false);

async function mark(
  { db, initiator, taskId }: TaskContext,
  input: MarkInput,
  isTemplate: boolean,
): Promise<Json | undefined> {
  const operation = isTemplate ? markAsTemplate : markAsVirtualMachine;
  await transact(db, async (tx) => {
    const observed = await operation.observe(tx, input);
    const { vm } = observed;
    // A run before this one got so far.
    if (vm.isTemplate === isTemplate) return;
    requireAllowed(operation.judge(observed, input));
    await tx.vm.update({ where: { id: vm.id }, data: { isTemplate } });
    const what = isTemplate ? 'a template' : 'a virtual machine again';
    await postEvent(tx, {
      type: isTemplate ? 'VmMarkedAsTemplateEvent' : 'VmMarkedAsVirtualMachineEvent',
      severity: 'info',
      message: `${vm.name} is ${what}.`,
      objects: [vm.id],
      initiator,
      taskId,
    });
    await recordChange(tx, { object: vm.id, path: 'isTemplate' });
  });
  return undefined;
}
