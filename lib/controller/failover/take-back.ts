// How a failover is taken back, by an admin or because it has failed: what was to stand in for the
// source goes, then the source's disks get an era that is later than the failover's, and then its
// mark goes. The era never goes back.
import { setDiskFilters } from '../../wire/agent/host-rpc.ts';
import { callOperation } from '../agents/call-operation.ts';
import { transact } from '../changes/transact.ts';
import { deleteVm } from '../clones/delete-vm.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Recovery } from '../database/generated/client.ts';
import { diskFiltersSchema, replicationOf, withEra } from '../replication/replicated-disks.ts';
import { runChild } from '../replication/run-child.ts';
import { momentsSchema, stopMoments } from '../replication/serve-moments.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { powerOff } from '../vms/power-off.ts';
import { findVm, toRunSpec } from '../vms/vm-store.ts';
import { recordFailover } from './failover-store.ts';

/** Idempotent. Throws what keeps the recovered VM from going. */
export async function removeRecovered(
  context: TaskContext,
  { vmId, moments }: Recovery,
): Promise<void> {
  const targetId = vmId;
  const there = await context.db.vm.findUnique({ where: { id: vmId } });
  if (there !== null) {
    if (there.powerState !== 'poweredOff')
      await runChild(context, powerOff, { vmId }, { targetId });
    await runChild(context, deleteVm, { vmId }, { targetId });
  }
  await stopMoments(context, momentsSchema.parse(moments));
}

/** The disks of the source hear it from its host. Throws while that cannot be reached. */
export async function giveLaterEra(
  context: TaskContext,
  { sourceId }: Recovery,
  era: number,
): Promise<void> {
  const { disks } = await findVm(context.db, sourceId);
  for (const disk of disks) {
    const source = await findVm(context.db, sourceId);
    const current = diskFiltersSchema.parse(disk.filters);
    if (replicationOf(current) === null) continue;
    const filters = withEra(current, era);
    await callOperation(context, {
      host: source.host,
      rpc: setDiskFilters,
      input: {
        ...{ operationKey: `${context.taskId}:era:${disk.key}`, vm: toRunSpec(source) },
        ...{ diskKey: disk.key, filters },
      },
    });
    const where = { vmId_key: { vmId: sourceId, key: disk.key } };
    await transact(context.db, (tx) => tx.disk.update({ where, data: { filters } }));
  }
}

/** From here on it may be powered on; with `isOn` its host does so by itself. */
export async function releaseSource(
  tx: DatabaseTransaction,
  row: Recovery,
  { era, isOn }: { era: number | null; isOn: boolean },
): Promise<void> {
  await tx.vm.updateMany({
    where: { id: row.sourceId, replacedById: row.vmId },
    data: {
      replacedById: null,
      ...(era === null ? {} : { replicationEra: era }),
      ...(isOn ? { desiredPowerState: 'poweredOn' } : {}),
    },
  });
  await recordFailover(tx, row);
}
