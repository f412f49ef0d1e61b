// The lab's virtual machines: a row first, then their files, made by the host, then the wish that
// they run.
import { type Random, randomUuid } from '#lib/base/random.ts';
import type { Agents } from '#lib/controller/agents/agent-client.ts';
import { recordChange } from '#lib/controller/changes/record-change.ts';
import { transact } from '#lib/controller/changes/transact.ts';
import type { Database, DatabaseTransaction } from '#lib/controller/database/client.ts';
import { postEvent } from '#lib/controller/events/post-event.ts';
import { allocateId } from '#lib/controller/inventory/allocate-id.ts';
import { datastoreTypeSchema } from '#lib/model/inventory.ts';
import { configure, createVm, type VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { LAB_VMS, type LabVm } from './lab.ts';

/** VirtualDevice.key of the first disk on the first SCSI controller. */
const FIRST_DISK_KEY = 2000;

export async function seedVms(db: Database, agents: Agents, random: Random): Promise<void> {
  await configureHosts(db, agents);
  for (const vm of LAB_VMS) {
    const known = await db.vm.findUnique({ where: { name: vm.name } });
    if (!known) await transact(db, (tx) => insertVm(tx, vm, randomUuid(random)));
    await makeFiles(db, agents, vm);
    if (vm.poweredOn) await transact(db, (tx) => wantPoweredOn(tx, vm.name));
  }
}

/** The hosts must know their datastores before they can make files on them. */
async function configureHosts(db: Database, agents: Agents): Promise<void> {
  const hosts = await db.host.findMany();
  const rows = await db.datastore.findMany();
  const datastores = rows.map(({ id, name, type, path }) => {
    return { id, name, type: datastoreTypeSchema.parse(type), path };
  });
  for (const host of hosts) {
    const input = { hostId: host.id, name: host.name, datastores };
    await agents.call(host, configure, input, { patienceMs: 20_000 });
  }
}

async function insertVm(tx: DatabaseTransaction, vm: LabVm, instanceUuid: string): Promise<void> {
  const host = await tx.host.findUniqueOrThrow({ where: { name: vm.host } });
  const datastore = await tx.datastore.findUniqueOrThrow({ where: { name: vm.datastore } });
  const { name, cpuCount, memoryMib, guestFullName } = vm;
  const id = await allocateId(tx, 'vm');
  await tx.vm.create({
    data: {
      ...{ id, name, instanceUuid, cpuCount, memoryMib, guestFullName },
      hostId: host.id,
      datastoreId: datastore.id,
      vmxPath: `${name}/${name}.vmx`,
      desiredPowerState: 'poweredOff',
      disks: {
        create: vm.disks.map((capacityBytes, index) => ({
          key: FIRST_DISK_KEY + index,
          label: `Hard disk ${index + 1}`,
          unit: `scsi0:${index}`,
          datastoreId: datastore.id,
          path: index === 0 ? `${name}/${name}.vmdk` : `${name}/${name}_${index}.vmdk`,
          capacityBytes: BigInt(capacityBytes),
        })),
      },
    },
  });
  await postEvent(tx, {
    type: 'VmCreatedEvent',
    severity: 'info',
    message: `Created virtual machine ${name} on ${host.name}.`,
    objects: [id, host.id, datastore.id],
  });
  await recordChange(tx, { object: id, path: 'created' });
}

/** Makes the .vmx and the disks; a host leaves a VM that it made before as it is. */
async function makeFiles(db: Database, agents: Agents, lab: LabVm): Promise<void> {
  const vm = await db.vm.findUniqueOrThrow({
    where: { name: lab.name },
    include: { host: true, disks: { orderBy: { key: 'asc' } } },
  });
  const spec: VmRunSpec = {
    vmId: vm.id,
    name: vm.name,
    instanceUuid: vm.instanceUuid,
    cpuCount: vm.cpuCount,
    memoryMib: vm.memoryMib,
    datastoreId: vm.datastoreId,
    vmxPath: vm.vmxPath,
    disks: vm.disks.map(({ key, label, unit, datastoreId, path, capacityBytes }) => ({
      ...{ key, label, unit, datastoreId, path },
      capacityBytes: Number(capacityBytes),
      filters: [],
    })),
    nbdPort: 0,
  };
  const fileSystem = 'ext4' as const;
  const contents = lab.files
    ? [{ diskKey: FIRST_DISK_KEY, fileSystem, label: lab.name, files: lab.files }]
    : [];
  const operationKey = `lab:${vm.instanceUuid}`;
  const { warnings } = await agents.call(vm.host, createVm, { operationKey, vm: spec, contents });
  for (const message of warnings) {
    await transact(db, (tx) =>
      postEvent(tx, {
        type: 'VmMessageWarningEvent',
        severity: 'warning',
        message,
        objects: [vm.id],
      }),
    );
  }
}

async function wantPoweredOn(tx: DatabaseTransaction, name: string): Promise<void> {
  const vm = await tx.vm.update({ where: { name }, data: { desiredPowerState: 'poweredOn' } });
  await recordChange(tx, { object: vm.id, path: 'desiredPowerState' });
}
