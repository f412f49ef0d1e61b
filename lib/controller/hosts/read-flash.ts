// The virtual flash resources of a host or of all hosts of a cluster, asked of the hosts
// themselves, with what the samples say of the disks that keep something there.
import { Fault } from '../../model/fault.ts';
import { vmSampleSchema } from '../../model/io.ts';
import { verdictOf } from '../../model/verdict.ts';
import { type FlashResource, readFlash } from '../../wire/agent/flash-rpc.ts';
import type { FlashView } from '../../wire/api/flash.ts';
import type { Agents } from '../agents/agent-client.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Host } from '../database/generated/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeOperation } from '../tasks/judge-operation.ts';
import { configureFlash } from './configure-flash.ts';
import { findHost } from './host-store.ts';

interface Surroundings {
  db: DatabaseTransaction;
  agents: Agents;
  caller: Caller;
}

/** `NotFound` without such a host. A host that cannot be asked says so in `message`. */
export async function readHostFlash(from: Surroundings, hostId: string): Promise<FlashView> {
  return viewOf(from, await findHost(from.db, hostId));
}

/** By the names of the hosts. `NotFound` without such a cluster. */
export async function readClusterFlash(
  from: Surroundings,
  clusterId: string,
): Promise<{ hosts: FlashView[] }> {
  const cluster = await from.db.cluster.findUnique({
    where: { id: clusterId },
    select: { hosts: { orderBy: { name: 'asc' } } },
  });
  if (!cluster) throw new Fault('NotFound', `There is no cluster ${clusterId}.`);
  return { hosts: await Promise.all(cluster.hosts.map((host) => viewOf(from, host))) };
}

async function viewOf({ db, agents, caller }: Surroundings, host: Host): Promise<FlashView> {
  const [told, configure] = await Promise.all([
    ask(agents, host),
    judgeOperation({
      ...{ db, caller, operation: configureFlash },
      input: { hostId: host.id, capacityBytes: 0 },
    }),
  ]);
  const actions = { configure: verdictOf(configure.reasons, configure.warnings) };
  const contents = await Promise.all(told.contents.map((each) => contentView(db, each)));
  return { ...told, host: { id: host.id, name: host.name }, contents, actions };
}

async function ask(
  agents: Agents,
  host: Host,
): Promise<Omit<FlashResource, 'state'> & Pick<FlashView, 'state'>> {
  try {
    if (host.connectionState === 'connected') return await agents.call(host, readFlash, {});
    return unknown(`${host.name} is not connected.`);
  } catch (thrown) {
    if (thrown instanceof Fault) return unknown(thrown.message);
    throw thrown;
  }
}

function unknown(message: string) {
  const nothing = { capacityBytes: 0, usedBytes: 0, storeFreeBytes: 0, contents: [] };
  return { ...nothing, state: 'unknown' as const, message };
}

async function contentView(
  db: DatabaseTransaction,
  { vmId, diskKey, ...rest }: FlashResource['contents'][number],
): Promise<FlashView['contents'][number]> {
  const disk = vmId === null || diskKey === null ? null : await findDisk(db, vmId, diskKey);
  const numbers = await readNumbers(db, { vmId, diskKey, filter: rest.filter });
  const found = disk && {
    vm: disk.vm,
    diskLabel: disk.label,
    policy: disk.policy,
  };
  return { ...rest, ...(found ?? { vm: null, diskLabel: null, policy: null }), ...numbers };
}

function findDisk(db: DatabaseTransaction, vmId: string, key: number) {
  return db.disk.findFirst({
    where: { vmId, key },
    select: {
      label: true,
      vm: { select: { id: true, name: true } },
      policy: { select: { id: true, name: true } },
    },
  });
}

/** From the last sample of the VM: a filter that counts neither leaves them null. */
async function readNumbers(
  db: DatabaseTransaction,
  { vmId, diskKey, filter }: { vmId: string | null; diskKey: number | null; filter: string },
): Promise<{ dirtyBytes: number | null; dirtySeconds: number | null }> {
  const row =
    vmId === null
      ? null
      : await db.vmSample.findFirst({ where: { vmId }, orderBy: { at: 'desc' } });
  const sample = row && vmSampleSchema.parse(row.data);
  const disk = sample?.disks.find((each) => each.diskKey === diskKey);
  const numbers = disk?.filters.find(({ name }) => name === filter)?.statistics;
  const { dirty, dirtyAge } = numbers ?? {};
  return {
    dirtyBytes: dirty === undefined ? null : Math.round(dirty * 2 ** 20),
    dirtySeconds: dirtyAge ?? null,
  };
}
