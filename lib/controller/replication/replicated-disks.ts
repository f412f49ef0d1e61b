// Which disks send to which target: the properties of a replication filter that no policy sets.
import { z } from 'zod';
import type { Reason } from '../../model/fault.ts';
import { type DiskFilter, diskFilterSchema } from '../../model/filter.ts';
import { PAIRING_KEYS } from '../../model/key.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { ReplicationTarget } from '../database/generated/client.ts';

export const diskFiltersSchema = z.array(diskFilterSchema);

/** A disk as a target knows it. */
export interface ReplicaName {
  /** Its VM's UUID, which a move or a new name leaves. */
  instanceUuid: string;
  diskKey: number;
}

/** A disk with the era under which it sends. */
interface ReplicaSender extends ReplicaName {
  /** Left out: the first one. */
  era?: number;
}

/** What the target calls the copy of a disk. */
export function replicaIdOf({ instanceUuid, diskKey }: ReplicaName): string {
  return `${instanceUuid}/${diskKey}`;
}

/** The replication filter among a disk's filters; null without one. */
export function replicationOf(filters: readonly DiskFilter[]): DiskFilter | null {
  return filters.find((filter) => filter.class === 'replication') ?? null;
}

/** The pairing that a disk's filter sends by; empty without one. */
export function pairingOf(filters: readonly DiskFilter[]): string {
  const pairing = replicationOf(filters)?.properties.pairing;
  return typeof pairing === 'string' ? pairing : '';
}

/** The reason against replication when no target is there. */
export async function missingTargets(
  db: DatabaseTransaction,
  filters: readonly DiskFilter[],
): Promise<Reason[]> {
  if (replicationOf(filters) === null || (await db.replicationTarget.count()) > 0) return [];
  const message = 'No replication target is paired.';
  const remedy = 'Pair one under Replication targets.';
  return [{ fault: 'NotFound', message, remedy }];
}

/**
 * The filters with the target that the disk's replication sends to: the one that was asked for, the
 * one that it has, or the one that was paired first.
 */
export async function withTarget(
  db: DatabaseTransaction,
  filters: readonly DiskFilter[],
  choice: { disk: ReplicaSender; current: readonly DiskFilter[]; targetId?: string | undefined },
): Promise<DiskFilter[]> {
  if (replicationOf(filters) === null) return [...filters];
  const target = await chooseTarget(db, choice);
  if (target === null) return [...filters];
  return withProperties(filters, targetProperties(target, choice.disk));
}

/** A copy of a disk is another disk: it must not send into the copy of the one it came from. */
export function renamedReplicas(filters: readonly DiskFilter[], disk: ReplicaName): DiskFilter[] {
  return withProperties(filters, nameProperties(disk));
}

/** The filters of a disk that sends under another era from now on. */
export function withEra(filters: readonly DiskFilter[], era: number): DiskFilter[] {
  return withProperties(filters, { era });
}

function withProperties(
  filters: readonly DiskFilter[],
  managed: DiskFilter['properties'],
): DiskFilter[] {
  return filters.map((filter) =>
    filter.class === 'replication'
      ? { ...filter, properties: { ...filter.properties, ...managed } }
      : filter,
  );
}

function targetProperties(
  { address, port, pairing }: ReplicationTarget,
  disk: ReplicaSender,
): DiskFilter['properties'] {
  const host = address.includes(':') ? `[${address}]` : address;
  const key = { keyProvider: PAIRING_KEYS, keyId: pairing };
  return { target: `${host}:${port}`, pairing, ...key, ...nameProperties(disk) };
}

function nameProperties({
  instanceUuid,
  diskKey,
  era = 1,
}: ReplicaSender): DiskFilter['properties'] {
  return { vm: instanceUuid, disk: String(diskKey), era };
}

async function chooseTarget(
  db: DatabaseTransaction,
  { current, targetId }: { current: readonly DiskFilter[]; targetId?: string | undefined },
): Promise<ReplicationTarget | null> {
  if (targetId !== undefined) return db.replicationTarget.findUnique({ where: { id: targetId } });
  const pairing = pairingOf(current);
  const present = await db.replicationTarget.findFirst({ where: { pairing } });
  return present ?? db.replicationTarget.findFirst({ orderBy: { createdAt: 'asc' } });
}

export interface SendingDisk {
  vmId: string;
  vmName: string;
  diskKey: number;
  diskLabel: string;
  pairing: string;
}

/** Every disk with a replication filter that has a target. */
export async function readSendingDisks(db: DatabaseTransaction): Promise<SendingDisk[]> {
  const rows = await db.disk.findMany({
    where: { filters: { array_contains: [{ class: 'replication' }] } },
    include: { vm: { select: { name: true } } },
    orderBy: [{ vmId: 'asc' }, { key: 'asc' }],
  });
  return rows.flatMap(({ vmId, vm, key, label, filters }) => {
    const pairing = pairingOf(diskFiltersSchema.parse(filters));
    if (pairing === '') return [];
    return [{ vmId, vmName: vm.name, diskKey: key, diskLabel: label, pairing }];
  });
}
