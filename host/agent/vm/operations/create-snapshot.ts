// Takes a snapshot of a VM: what each disk is now is frozen, and an empty redo log goes on top of
// it.
import type { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import { SNAPSHOT_DEPTH_MAX, SNAPSHOTS_PER_VM_MAX } from '#lib/model/limits.ts';
import type { createSnapshot as call, Snapshot } from '#lib/wire/agent/disk-rpc.ts';
import { nextRedoLog } from './disk-names.ts';
import { chainOf } from './disk-tree.ts';
import { layoutWith, type OnVm } from './on-vm.ts';
import { intentOf, operate } from './operate.ts';

type Input = z.output<typeof call.input>;

export async function createSnapshot(on: OnVm, { name, description, quiesce }: Input) {
  const { host, home } = on;
  const { snapshots, disks, currentSnapshotId } = home.layout;
  if (snapshots.length >= SNAPSHOTS_PER_VM_MAX) {
    const message = `${on.vm.name} has ${snapshots.length} snapshots, and more are not possible.`;
    throw new Fault('InvalidState', message);
  }
  const next = [];
  for (const disk of disks) {
    const full = await host.datastores.resolve(disk.datastoreId, disk.path);
    await requireDepth(on, full);
    const redoLog = await nextRedoLog(host.datastores, disk, host.files);
    next.push({ ...redoLog, key: disk.key, before: disk });
  }
  const id = home.lastUid + 1;
  const snapshot: Snapshot = {
    ...{ id, parentId: currentSnapshotId, name, description, quiesced: quiesce },
    createdAt: host.clock.now(),
    disks: disks.map(({ key, datastoreId, path, capacityBytes, label, filters }) => ({
      ...{ key, datastoreId, path, capacityBytes, label, filters },
    })),
  };
  const layout = layoutWith(on, {
    disks: next.map(({ before, datastoreId, path }) => ({ ...before, datastoreId, path })),
    snapshots: [...snapshots, snapshot],
    currentSnapshotId: id,
  });
  const created = next.map(({ full }) => full);
  const answer = { layout, snapshotId: id, pauseMs: 0, heldIos: 0 };
  const intent = await intentOf(on, { layout, lastUid: id, created, answer });
  const plan = next.map(({ key, full }) => ({ key, descriptorPath: full }));
  const operation = { kind: 'snapshot', quiesced: quiesce, disks: plan } as const;
  const { pauseMs, heldIos } = await operate(on, operation, intent);
  return { ...answer, pauseMs, heldIos };
}

async function requireDepth({ vm, host }: OnVm, descriptorPath: string): Promise<void> {
  const redoLogs = (await chainOf(descriptorPath, host.files)).length - 1;
  if (redoLogs < SNAPSHOT_DEPTH_MAX) return;
  const many = `A disk of ${vm.name} stands on ${redoLogs} redo logs already`;
  const message = `${many}, and more are not possible.`;
  throw new Fault('InvalidState', message);
}
