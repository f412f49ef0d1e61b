// Has a host give its virtual flash resource another size, which the host keeps.
import { requireAllowed } from '../../model/verdict.ts';
import { configureFlash as configureFlashRpc } from '../../wire/agent/flash-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { type ConfigureFlashInput, configureFlash } from './configure-flash.ts';
import { findHost } from './host-store.ts';

export const performConfigureFlash: TaskHandler<ConfigureFlashInput> = async (context, input) => {
  const { db, taskId, initiator } = context;
  const { hostId, capacityBytes } = input;
  requireAllowed(configureFlash.judge(await configureFlash.observe(db, input), input));
  const host = await findHost(db, hostId);
  const request = { operationKey: `${taskId}:flash`, capacityBytes };
  await callOperation(context, { host, rpc: configureFlashRpc, input: request });
  const how =
    capacityBytes === 0 ? 'was removed' : `has ${Math.round(capacityBytes / 2 ** 20)} MiB now`;
  await transact(db, async (tx) => {
    await postEvent(tx, {
      type: 'VirtualFlashResourceConfiguredEvent',
      severity: 'info',
      message: `The virtual flash resource of ${host.name} ${how}.`,
      objects: [hostId],
      initiator,
      taskId,
    });
    await recordChange(tx, { object: hostId, path: 'flash' });
  });
  return undefined;
};
