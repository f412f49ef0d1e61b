// What needs attention of replication: targets that do not answer, and copies that are late.
import type { AlarmView } from '../../wire/api/tasks.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { replicaIdOf } from '../replication/replicated-disks.ts';

export async function replicationAlarms(db: DatabaseTransaction): Promise<AlarmView[]> {
  const targets = await db.replicationTarget.findMany({ where: { trouble: { not: '' } } });
  const away = targets.map(({ id, name, trouble }) => ({
    id: `${id}:target`,
    object: { id, name },
    severity: 'error' as const,
    message: `The replication target ${name} does not answer. ${trouble}`,
    remedy: 'Changes are kept at their source, and sent when it is back.',
  }));
  return [...away, ...(await lateCopies(db))];
}

async function lateCopies(db: DatabaseTransaction): Promise<AlarmView[]> {
  const late = await db.replica.findMany({ where: { alarm: { not: '' } } });
  if (late.length === 0) return [];
  const instanceUuid = { in: late.map(({ diskId }) => diskId.split('/')[0] ?? '') };
  const vms = await db.vm.findMany({
    where: { instanceUuid },
    select: { id: true, name: true, instanceUuid: true, disks: { select: { key: true } } },
  });
  return vms.flatMap((vm) =>
    vm.disks.flatMap(({ key }) => {
      const diskId = replicaIdOf({ instanceUuid: vm.instanceUuid, diskKey: key });
      const row = late.find((each) => each.diskId === diskId);
      if (row === undefined) return [];
      return [
        {
          id: `${vm.id}:replication-${key}`,
          object: { id: vm.id, name: vm.name },
          severity: 'warning' as const,
          message: row.alarm,
          remedy:
            'Look at the connection to the target, its load, and the bandwidth of the policy.',
        },
      ];
    }),
  );
}
