// What a clone is: the files that its host shall make, and its rows in the inventory. Its disks
// have the storage policies of the source's, and so the same filters.
import type { Json } from '../../base/json.ts';
import { Fault } from '../../model/fault.ts';
import type { SnapshotFacts } from '../../rules/facts.ts';
import type { VmLayout } from '../../wire/agent/disk-rpc.ts';
import type { VmRunSpec } from '../../wire/agent/host-rpc.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { FIRST_DISK_KEY, unitOfKey } from '../disks/disk-units.ts';
import { postEvent } from '../events/post-event.ts';
import { findHost } from '../hosts/host-store.ts';
import { renamedReplicas } from '../replication/replicated-disks.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { findVm, toRunSpec, type VmRow } from '../vms/vm-store.ts';
import type { CloneInput } from './clone-vm.ts';

export interface CloneIdentity {
  /** Of the clone. */
  vmId: string;
  uuid: string;
  name: string;
  /** On its datastore; left out: its name. */
  folder?: string | undefined;
  datastoreId: string;
}

/** Of a snapshot the clone has the disks that the source had then. */
export function cloneSpec(
  source: VmRow,
  snapshot: SnapshotFacts | null,
  { vmId, uuid, name, folder = name, datastoreId }: CloneIdentity,
): VmRunSpec {
  const spec = toRunSpec(source);
  const present = snapshot
    ? snapshot.disks.map((frozen) => {
        const disk = spec.disks.find(({ key }) => key === frozen.key);
        return disk ?? removedSince(spec, frozen.key);
      })
    : spec.disks;
  return {
    ...spec,
    ...{ vmId, name, instanceUuid: uuid, datastoreId, nbdPort: 0 },
    vmxPath: `${folder}/${folder}.vmx`,
    disks: present.map((disk, index) => ({
      ...disk,
      filters: renamedReplicas(disk.filters, { instanceUuid: uuid, diskKey: disk.key }),
      datastoreId,
      path: index === 0 ? `${folder}/${folder}.vmdk` : `${folder}/${folder}_${index}.vmdk`,
    })),
  };
}

/** A disk that the source had at its snapshot and has no more; its size stands in its files. */
function removedSince(spec: VmRunSpec, key: number): VmRunSpec['disks'][number] {
  const place = { datastoreId: spec.datastoreId, path: '', capacityBytes: 512 };
  const label = `Hard disk ${key - FIRST_DISK_KEY + 1}`;
  return { key, label, unit: unitOfKey(key), ...place, filters: [] };
}

/** `DuplicateName` when a VM was given the name meanwhile. */
export async function registerClone(
  tx: DatabaseTransaction,
  { initiator, taskId, clock }: TaskContext,
  clone: Omit<CloneInput, 'vmId' | 'snapshotId'> & {
    vmId: string;
    uuid: string;
    snapshotId: number | null;
    layout: VmLayout;
    copiedBytes: number;
  },
): Promise<Json> {
  const { vmId, uuid, name, hostId, layout, linked, provisioning: asked } = clone;
  const task = await tx.task.findUniqueOrThrow({ where: { id: taskId } });
  const source = await findVm(tx, task.targetId);
  const host = await findHost(tx, hostId);
  if (await tx.vm.findUnique({ where: { name } })) {
    throw new Fault('DuplicateName', `There is a virtual machine ${name} already.`);
  }
  const { cpuCount, memoryMib, guestFullName, policyId } = source;
  const { datastoreId, vmxPath } = layout;
  await tx.vm.create({
    data: {
      ...{ id: vmId, name, instanceUuid: uuid, hostId, datastoreId, vmxPath },
      ...{ cpuCount, memoryMib, guestFullName, policyId, isTemplate: clone.template },
      folderId: source.host.datacenterId === host.datacenterId ? source.folderId : null,
      desiredPowerState: 'poweredOff',
      layoutReadAt: layout.storage ? new Date(clock.now()) : null,
      ...(linked ? { parentVmId: source.id, parentSnapshotId: clone.snapshotId } : {}),
      disks: { create: layout.disks.map((disk) => diskRow(disk, { source, layout, asked })) },
    },
  });
  const what = clone.template ? 'the template' : 'the virtual machine';
  await postEvent(tx, {
    type: 'VmClonedEvent',
    severity: 'info',
    message: `${source.name} was cloned to ${what} ${name} on ${host.name}.`,
    objects: [vmId, source.id, hostId],
    initiator,
    taskId,
  });
  return { vmId, copiedBytes: clone.copiedBytes };
}

interface DiskOrigin {
  source: VmRow;
  layout: VmLayout;
  asked: string | undefined;
}

function diskRow(disk: VmLayout['disks'][number], { source, layout, asked }: DiskOrigin) {
  const { key, label, unit, datastoreId, path, capacityBytes } = disk;
  const like = source.disks.find((found) => found.key === key);
  const storage = layout.storage?.find((found) => found.key === key);
  return {
    ...{ key, label, unit, datastoreId, path, capacityBytes: BigInt(capacityBytes) },
    filters: disk.filters,
    policyId: like?.policyId ?? null,
    policyGeneration: like?.policyGeneration ?? null,
    ...(storage
      ? {
          ...{ backing: storage.backing, provisioning: storage.provisioning },
          ...{ health: storage.health, objectId: storage.objectId },
          ...{ usedBytes: BigInt(Math.trunc(storage.usedBytes)) },
        }
      : { provisioning: asked ?? like?.provisioning ?? 'thin' }),
  };
}
