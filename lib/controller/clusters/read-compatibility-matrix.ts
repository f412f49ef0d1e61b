// Which of a cluster's VMs could run on which of its hosts, with every reason where not.
import { Fault } from '../../model/fault.ts';
import { judgePlacement } from '../../rules/placement.ts';
import type { CompatibilityMatrix } from '../../wire/api/operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readHostFacts, readVmFacts } from '../inventory/read-facts.ts';

/** A page of its VMs, by name. `NotFound` when there is no such cluster. */
export async function readCompatibilityMatrix(
  db: DatabaseTransaction,
  clusterId: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<CompatibilityMatrix> {
  const where = { host: { clusterId } };
  const [cluster, hosts, total, vms] = await Promise.all([
    db.cluster.findUnique({ where: { id: clusterId }, select: { id: true } }),
    readHostFacts(db, { clusterId }),
    db.vm.count({ where }),
    readVmFacts(db, where, { skip: offset, take: limit }),
  ]);
  if (!cluster) throw new Fault('NotFound', `There is no cluster ${clusterId}.`);
  return {
    hosts: hosts.map(({ id, name }) => ({ id, name })),
    total,
    vms: vms.map(({ id, name, hostId }) => ({ id, name, hostId })),
    cells: vms.flatMap((vm) =>
      hosts.map((host) => {
        const { allowed, reasons } = judgePlacement(vm, host);
        return { allowed, reasons };
      }),
    ),
  };
}
