// Writes how DRS shall behave on a cluster; the DRS loop sees it and runs at once.
import { requireAllowed } from '../../model/verdict.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskHandler } from '../tasks/task-context.ts';
import { type ConfigureDrsInput, configureDrs } from './configure-drs.ts';

export const performConfigureDrs: TaskHandler<ConfigureDrsInput> = async (context, input) => {
  const { clusterId, config } = input;
  await transact(context.db, async (tx) => {
    const observed = await configureDrs.observe(tx, input);
    requireAllowed(configureDrs.judge(observed, input));
    const { name } = observed.cluster;
    await tx.cluster.update({
      where: { id: clusterId },
      data: {
        drsEnabled: config.enabled,
        drsBehavior: config.behavior,
        drsThreshold: config.threshold,
      },
    });
    if (!config.enabled) {
      await tx.recommendation.deleteMany({ where: { clusterId, state: 'pending' } });
    }
    await postEvent(tx, {
      type: config.enabled ? 'DrsEnabledEvent' : 'DrsDisabledEvent',
      severity: 'info',
      message: config.enabled
        ? `DRS of ${name} is enabled: ${config.behavior}, threshold ${config.threshold}.`
        : `DRS of ${name} is disabled.`,
      objects: [clusterId],
      initiator: context.initiator,
      taskId: context.taskId,
    });
    await recordChanges(tx, [
      { object: clusterId, path: 'drs' },
      { object: clusterId, path: 'recommendations' },
    ]);
  });
  return undefined;
};
