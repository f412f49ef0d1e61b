// Writes how vSphere HA of a cluster is set; the loop that watches the hosts sees it at once.
import { requireAllowed } from '../../model/verdict.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { type ConfigureHaInput, configureHa } from './configure-ha.ts';
import { type SetRestartPriorityInput, setRestartPriority } from './set-restart-priority.ts';

export const performConfigureHa: TaskHandler<ConfigureHaInput> = async (context, input) => {
  const { clusterId, ha } = input;
  await transact(context.db, async (tx) => {
    const { target } = await configureHa.observe(tx, input);
    const before = await tx.cluster.update({
      where: { id: clusterId },
      data: {
        haEnabled: ha.enabled,
        haHostMonitoring: ha.hostMonitoring,
        haRestartPriority: ha.restartPriority,
        haAdmissionControl: ha.admissionControl,
        haFailuresTolerated: ha.failuresTolerated,
      },
      include: { hosts: { select: { id: true } } },
    });
    await postEvent(tx, {
      type: ha.enabled ? 'DasEnabledEvent' : 'DasDisabledEvent',
      severity: 'info',
      message: `vSphere HA of ${target.name} is ${ha.enabled ? 'enabled' : 'disabled'}.`,
      objects: [clusterId],
      initiator: context.initiator,
      taskId: context.taskId,
    });
    // A host's page and a VM's say whether they are protected.
    const vms = await tx.vm.findMany({ where: { host: { clusterId } }, select: { id: true } });
    await recordChanges(
      tx,
      [{ id: clusterId }, ...before.hosts, ...vms].map(({ id }) => ({ object: id, path: 'ha' })),
    );
  });
  return undefined;
};

export const performSetRestartPriority: TaskHandler<SetRestartPriorityInput> = async (
  context,
  input,
) => {
  const { clusterId, vmId, restartPriority } = input;
  await transact(context.db, async (tx) => {
    const observed = await setRestartPriority.observe(tx, input);
    requireAllowed(setRestartPriority.judge(observed, input));
    await tx.vm.update({ where: { id: vmId }, data: { haRestartPriority: restartPriority } });
    await recordChanges(tx, [
      { object: clusterId, path: 'ha' },
      { object: vmId, path: 'ha' },
    ]);
  });
  return undefined;
};
