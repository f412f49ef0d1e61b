// The workloads of a VM, asked of the host that runs them.
import { Fault } from '../../model/fault.ts';
import type { WorkloadStatus } from '../../model/workload.ts';
import { report } from '../../wire/agent/host-rpc.ts';
import type { Agents } from '../agents/agent-client.ts';
import type { DatabaseTransaction } from '../database/client.ts';

/** Newest first. `NotFound` without such a VM; `HostNotReachable`. */
export async function listWorkloads(
  { db, agents }: { db: DatabaseTransaction; agents: Agents },
  vmId: string,
): Promise<{ workloads: WorkloadStatus[] }> {
  const vm = await db.vm.findUnique({ where: { id: vmId }, include: { host: true } });
  if (!vm) throw new Fault('NotFound', `There is no virtual machine ${vmId}.`);
  if (vm.powerState !== 'poweredOn') return { workloads: [] };
  const { workloads } = await agents.call(
    vm.host,
    report,
    {
      ...{ knownRevision: -1, knownBootId: '', waitMs: 0 },
      // No events: the reconciler has its own cursor for them.
      afterEvent: Number.MAX_SAFE_INTEGER,
    },
    { timeoutMs: 5_000 },
  );
  const own = workloads.filter((workload) => workload.vmId === vmId);
  return { workloads: own.sort((a, b) => b.startedAt - a.startedAt) };
}
