// vSphere HA of a cluster as its page shows it: settings, hosts, what is left when hosts fail, and
// the VMs that it could not bring back.
import { haHostStateSchema } from '../../model/availability.ts';
import { Fault } from '../../model/fault.ts';
import { failoverCapacity, unprotectedReasons } from '../../rules/ha/admission.ts';
import type { HaView } from '../../wire/api/ha.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { type Host, Prisma } from '../database/generated/client.ts';
import { readHostFacts, readVmFacts } from '../inventory/read-facts.ts';
import { haConfigOf, priorityOf } from './ha-store.ts';
import { troubleOf } from './ha-trouble.ts';

const UNPROTECTED_SHOWN = 100;

/** `NotFound` when there is no such cluster. */
export async function readHa(db: DatabaseTransaction, clusterId: string): Promise<HaView> {
  const cluster = await db.cluster.findUnique({
    where: { id: clusterId },
    include: { hosts: { orderBy: { name: 'asc' } } },
  });
  if (!cluster) throw new Fault('NotFound', `There is no cluster ${clusterId}.`);
  const { hosts, ...row } = cluster;
  const config = haConfigOf(row);
  const host = { clusterId };
  const [hostFacts, vms, special] = await Promise.all([
    readHostFacts(db, host),
    readVmFacts(db, { host, powerState: 'poweredOn' }),
    db.vm.findMany({
      where: {
        host,
        OR: [{ haRestartPriority: { not: null } }, { haTrouble: { not: Prisma.DbNull } }],
      },
      orderBy: { name: 'asc' },
      select: { id: true, name: true, haRestartPriority: true, haTrouble: true },
    }),
  ]);
  const unprotected: HaView['unprotected'] = [];
  for (const vm of vms) {
    const reasons = unprotectedReasons(vm, hostFacts);
    if (reasons.length > 0) unprotected.push({ vm: { id: vm.id, name: vm.name }, reasons });
    if (unprotected.length === UNPROTECTED_SHOWN) break;
  }
  return {
    config,
    hosts: hosts.map((each) => ({ host: { id: each.id, name: each.name }, ...hostHaOf(each) })),
    capacity: failoverCapacity(hostFacts, config.failuresTolerated),
    overrides: special
      .filter(({ haRestartPriority }) => haRestartPriority !== null)
      .map(({ id, name, haRestartPriority }) => ({
        vm: { id, name },
        restartPriority: priorityOf(haRestartPriority, row),
      })),
    unprotected,
    down: special.flatMap(({ id, name, haTrouble }) => {
      const trouble = troubleOf(haTrouble);
      return trouble ? [{ vm: { id, name }, trouble }] : [];
    }),
  };
}

export function hostHaOf({ haState, haReason, haSince }: Pick<Host, HostColumns>) {
  return {
    state: haHostStateSchema.parse(haState),
    reason: haReason,
    since: haSince?.toISOString() ?? null,
  };
}

type HostColumns = 'haState' | 'haReason' | 'haSince';
