// Whether each replicated disk is as far behind as its policy allows, kept with its copy for the
// alarms, and told as an event when that changes.
import { groupBy } from '../../base/group-by.ts';
import { lagAlarm } from '../../rules/replication/lag.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import { findVm, type VmRow } from '../vms/vm-store.ts';
import { type DiskCopy, readCopies } from './read-vm-replication.ts';
import { readSendingDisks } from './replicated-disks.ts';

export async function judgeLag(db: Database): Promise<void> {
  const sending = groupBy(await readSendingDisks(db), ({ vmId }) => vmId);
  for (const vmId of sending.keys()) {
    const vm = await findVm(db, vmId);
    for (const copy of await readCopies(db, vm)) await keep(db, vm, copy);
  }
}

async function keep(db: Database, vm: VmRow, { report, target, view }: DiskCopy): Promise<void> {
  if (report === null || target === null) return;
  const alarm = lagAlarm(vm.name, view);
  const where = { targetId_diskId: { targetId: target.id, diskId: report.diskId } };
  await transact(db, async (tx) => {
    const before = await tx.replica.findUnique({ where });
    if (before === null || (before.alarm === '') === (alarm === '')) return;
    await tx.replica.update({ where, data: { alarm } });
    await postEvent(tx, {
      type: alarm === '' ? 'RpoRestoredEvent' : 'RpoViolatedEvent',
      severity: alarm === '' ? 'info' : 'warning',
      message: alarm === '' ? `${view.label} of ${vm.name} is replicated in time again.` : alarm,
      objects: [vm.id, target.id],
    });
    await recordChange(tx, { object: vm.id, path: 'replicationAlarm' });
  });
}
