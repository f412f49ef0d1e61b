// Tells I/O control which storage policy a disk has, where the disk got its policy before filters
// were told: only then does it share that policy's limit with the others.
import { z } from 'zod';
import { randomHex } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import { type DiskFilter, diskFilterSchema } from '../../model/filter.ts';
import { setDiskFilters } from '../../wire/agent/host-rpc.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Host } from '../database/generated/client.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { findVm, toRunSpec } from '../vms/vm-store.ts';

const filtersSchema = z.array(diskFilterSchema);

interface Unnamed {
  vmId: string;
  key: number;
  policyId: string;
}

/** True when no disk of a VM of that host is left that lacks it; else to be called again. */
export async function namePolicies(services: TaskServices, host: Host): Promise<boolean> {
  let isDone = true;
  for (const disk of await findUnnamed(services, host)) {
    try {
      isDone = (await namePolicy(services, host, disk)) && isDone;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      isDone = false;
      const { vmId, key } = disk;
      services.logger.warn({ vmId, key, reason: error.message }, 'a disk was not told its policy');
    }
  }
  return isDone;
}

async function findUnnamed({ db }: TaskServices, host: Host): Promise<Unnamed[]> {
  const disks = await db.disk.findMany({
    where: { policyId: { not: null }, vm: { hostId: host.id } },
    select: { vmId: true, key: true, policyId: true, filters: true },
  });
  return disks.flatMap(({ vmId, key, policyId, filters }) =>
    policyId !== null && named(filtersSchema.parse(filters), policyId) !== null
      ? [{ vmId, key, policyId }]
      : [],
  );
}

/** With the policy; null when they have it already, or there is no I/O control among them. */
function named(filters: readonly DiskFilter[], policy: string): DiskFilter[] | null {
  const lacks = (filter: DiskFilter) =>
    filter.class === 'datastoreIoControl' && filter.properties.policy !== policy;
  if (!filters.some(lacks)) return null;
  return filters.map((filter) =>
    lacks(filter) ? { ...filter, properties: { ...filter.properties, policy } } : filter,
  );
}

/** False while a task has the VM: it may be about to change the same. */
async function namePolicy(services: TaskServices, host: Host, disk: Unnamed): Promise<boolean> {
  const { db, agents, random } = services;
  const { vmId, key, policyId } = disk;
  const where = { vmId_key: { vmId, key } };
  const hasTask = () =>
    db.task.findFirst({ where: { targetId: vmId, state: { in: ['queued', 'running'] } } });
  if (await hasTask()) return false;
  const vm = await findVm(db, vmId);
  const before = filtersSchema.parse(vm.disks.find((each) => each.key === key)?.filters ?? []);
  const filters = named(before, policyId);
  if (filters === null) return true;
  const operationKey = `policy:${vmId}:${key}:${randomHex(random, 8)}`;
  const input = { operationKey, vm: toRunSpec(vm), diskKey: key, filters };
  await agents.call(host, setDiskFilters, input);
  return transact(db, async (tx) => {
    const now = await tx.disk.findUnique({ where, select: { filters: true, policyId: true } });
    // Somebody has changed it meanwhile, and told the host of that.
    if (now?.policyId !== policyId) return false;
    if (JSON.stringify(filtersSchema.parse(now.filters)) !== JSON.stringify(before)) return false;
    await tx.disk.update({ where, data: { filters } });
    await recordChange(tx, { object: vmId, path: 'filters' });
    return true;
  });
}
