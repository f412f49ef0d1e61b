// Has a host remove one thing from its virtual flash resource that no virtual machine of the
// inventory needs there.
import { Fault } from '../../model/fault.ts';
import { requireAllowed } from '../../model/verdict.ts';
import { judgeRemoveFlashContent } from '../../rules/storage/flash-content.ts';
import {
  readFlash,
  removeFlashContent as removeFlashContentRpc,
} from '../../wire/agent/flash-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { findHost } from './host-store.ts';
import { type RemoveFlashContentInput, removeFlashContent } from './remove-flash-content.ts';

export const performRemoveFlashContent: TaskHandler<RemoveFlashContentInput> = async (
  context,
  input,
) => {
  const { db, agents, taskId, initiator } = context;
  const { hostId, contentId } = input;
  requireAllowed(removeFlashContent.judge(await removeFlashContent.observe(db, input), input));
  const host = await findHost(db, hostId);
  const { contents } = await agents.call(host, readFlash, {});
  const content = contents.find(({ id }) => id === contentId);
  if (content === undefined) {
    const message = `The virtual flash resource of ${host.name} does not have ${contentId}.`;
    throw new Fault('NotFound', message);
  }
  const { vmId, mirrorOf, filter, disk } = content;
  const vm = vmId && (await db.vm.findUnique({ where: { id: vmId }, select: VM_FIELDS }));
  requireAllowed(judgeRemoveFlashContent({ host, vm: vm || null, mirrorOf }));
  const request = { operationKey: `${taskId}:flash`, contentId };
  await callOperation(context, { host, rpc: removeFlashContentRpc, input: request });
  const what = mirrorOf === null ? 'What' : `The mirror of what ${mirrorOf} had, which`;
  await transact(db, async (tx) => {
    await postEvent(tx, {
      type: 'VirtualFlashContentRemovedEvent',
      severity: 'warning',
      message: `${what} ${filter} kept of ${disk} on the flash of ${host.name} was removed.`,
      objects: [hostId],
      initiator,
      taskId,
    });
    await recordChange(tx, { object: hostId, path: 'flash' });
  });
  return undefined;
};

const VM_FIELDS = { id: true, name: true } as const;
