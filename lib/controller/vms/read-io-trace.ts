// The last I/Os of a disk with every crossing of every filter, asked of the host that runs it.
import { Fault } from '../../model/fault.ts';
import type { IoTraceEntry } from '../../model/io.ts';
import { readIoTrace as readIoTraceRpc } from '../../wire/agent/host-rpc.ts';
import type { Agents } from '../agents/agent-client.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { findVm } from './vm-store.ts';

export interface IoTraceQuery {
  vmId: string;
  diskKey: number;
  /** Only I/Os with a higher sequence number. */
  after: number;
  limit: number;
}

/** Nothing while the VM is off. `NotFound` without such a VM or disk; the host's own faults. */
export async function readIoTrace(
  { db, agents }: { db: DatabaseTransaction; agents: Agents },
  { vmId, diskKey, after, limit }: IoTraceQuery,
): Promise<{ entries: IoTraceEntry[] }> {
  const vm = await findVm(db, vmId);
  if (!vm.disks.some(({ key }) => key === diskKey)) {
    throw new Fault('NotFound', `${vm.name} has no disk ${diskKey}.`);
  }
  if (vm.powerState !== 'poweredOn') return { entries: [] };
  return agents.call(vm.host, readIoTraceRpc, { vmId, diskKey, afterSequence: after, limit });
}
