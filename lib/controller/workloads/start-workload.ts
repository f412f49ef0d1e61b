// Starts the built-in workload on a disk of a running VM: the host connects to the disk's export as
// any client does.
import { type Random, randomUuid } from '../../base/random.ts';
import { Fault } from '../../model/fault.ts';
import { startWorkload as startWorkloadRpc } from '../../wire/agent/host-rpc.ts';
import { startWorkloadSchema } from '../../wire/api/operations.ts';
import type { Agents } from '../agents/agent-client.ts';
import type { DepotLinks } from '../agents/depot-links.ts';
import { recordChange } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database } from '../database/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { Caller } from '../permissions/caller.ts';
import { requirePrivileges } from '../permissions/missing-privileges.ts';
import { parseInput } from '../tasks/parse-input.ts';
import { findVm, type VmRow } from '../vms/vm-store.ts';

export interface WorkloadServices {
  db: Database;
  agents: Agents;
  depot: DepotLinks;
  random: Random;
}

/**
 * `NotFound`, `NoPermission` (VirtualMachine.Interact.DeviceConnection), `InvalidPowerState`, and
 * the host's faults.
 */
export async function startWorkload(
  { db, agents, depot, random }: WorkloadServices,
  caller: Caller,
  { vmId, input }: { vmId: string; input: unknown },
): Promise<{ workloadId: string }> {
  const { diskKey, workload } = parseInput(startWorkloadSchema, input);
  const vm = await findVm(db, vmId);
  await requireConnectable(db, caller, vm);
  const disk = vm.disks.find(({ key }) => key === diskKey);
  if (!disk) throw new Fault('NotFound', `${vm.name} has no disk ${diskKey}.`);
  const traceUrl = workload.kind === 'trace' ? await linkTrace(db, depot, workload.traceId) : null;
  const operationKey = `workload:${randomUuid(random)}`;
  const request = { operationKey, vmId, diskKey, workload, traceUrl };
  const started = await agents.call(vm.host, startWorkloadRpc, request, { patienceMs: 5_000 });
  await transact(db, async (tx) => {
    await postEvent(tx, {
      type: 'WorkloadStartedEvent',
      severity: 'info',
      message: `${caller.name} started a workload on ${disk.label} of ${vm.name}.`,
      objects: [vm.id, vm.hostId],
      initiator: caller.name,
    });
    await recordChange(tx, { object: vm.id, path: 'workloads' });
  });
  return started;
}

export async function requireConnectable(db: Database, caller: Caller, vm: VmRow): Promise<void> {
  const privilege = 'VirtualMachine.Interact.DeviceConnection' as const;
  await requirePrivileges(db, caller, [{ privilege, objectId: vm.id }]);
  if (vm.powerState === 'poweredOn') return;
  throw new Fault('InvalidPowerState', `${vm.name} is powered off.`);
}

async function linkTrace(db: Database, depot: DepotLinks, traceId: string): Promise<string> {
  const trace = await db.traceFile.findUnique({ where: { id: traceId } });
  if (!trace) throw new Fault('NotFound', `There is no trace ${traceId} in the depot.`);
  return depot.link('traces', trace.fileName);
}
