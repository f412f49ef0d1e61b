// What the caller may do with a cluster now: the verdicts behind the buttons of its page.
import type { Reason } from '../../model/fault.ts';
import type { Verdict } from '../../model/verdict.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';
import { readRunningTaskReasons } from '../tasks/running-tasks.ts';

/** installFilter, editDrs, editHa, refreshRecommendations. */
export async function judgeClusterActions(
  db: DatabaseTransaction,
  caller: Caller,
  { id, name, hosts }: { id: string; name: string; hosts: readonly { id: string }[] },
): Promise<Record<string, Verdict>> {
  const running = (await readRunningTaskReasons(db, [id])).get(id);
  const busy = running ? [running] : [];
  const edit = [{ privilege: 'Host.Inventory.EditCluster', objectId: id }] as const;
  const isEmpty: Reason = {
    fault: 'InvalidState',
    message: `The cluster ${name} has no hosts.`,
    remedy: 'Add a host to the cluster first.',
    objects: [id],
  };
  return judgeActions(db, caller, {
    installFilter: {
      wanted: [{ id }, ...hosts].map((object) => ({
        privilege: 'Host.Config.Patch',
        objectId: object.id,
      })),
      reasons: [...(hosts.length === 0 ? [isEmpty] : []), ...busy],
    },
    editDrs: { wanted: edit, reasons: busy },
    editHa: { wanted: edit, reasons: busy },
    refreshRecommendations: { wanted: edit },
  });
}
