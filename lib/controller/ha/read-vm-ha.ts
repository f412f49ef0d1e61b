// What vSphere HA means for one VM, for its page.
import type { VmView } from '../../wire/api/inventory.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Vm } from '../database/generated/client.ts';
import { priorityOf } from './ha-store.ts';
import { troubleOf } from './ha-trouble.ts';

/** Null where vSphere HA is off, or the VM is in no cluster. */
export async function readVmHa(
  db: DatabaseTransaction,
  { hostId, haRestartPriority, haTrouble }: Vm,
): Promise<VmView['ha']> {
  const cluster = await db.cluster.findFirst({
    where: { haEnabled: true, hosts: { some: { id: hostId } } },
  });
  if (!cluster) return null;
  return {
    restartPriority: priorityOf(haRestartPriority, cluster),
    trouble: troubleOf(haTrouble),
  };
}
