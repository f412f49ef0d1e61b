// A VM's replication as the console shows it: each disk's state and lag as its host measured them,
// the moments that its target has, bookmarks, and what was recovered from there.
import type { DiskFilter } from '../../model/filter.ts';
import { type VmSample, vmSampleSchema } from '../../model/io.ts';
import { type ReplicaReport, replicaReportSchema } from '../../wire/agent/target-rpc.ts';
import type {
  ReplicatedDisk,
  ReplicationState,
  VmReplicationView,
} from '../../wire/api/replication.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Disk, ReplicationTarget } from '../database/generated/client.ts';
import { measureLag } from '../failover/measure-lag.ts';
import { readStandIn, viewOfRecovery } from '../failover/read-failover.ts';
import type { Caller } from '../permissions/caller.ts';
import { findVm, type VmRow } from '../vms/vm-store.ts';
import { judgeReplicationActions } from './judge-recovery.ts';
import {
  diskFiltersSchema,
  pairingOf,
  type ReplicaName,
  replicaIdOf,
  replicationOf,
} from './replicated-disks.ts';

/** By the filter's statistic `state`. */
const STATES: readonly ReplicationState[] = [
  'unknown',
  'initialSync',
  'inSync',
  'resync',
  'targetAway',
  'degraded',
  'replaced',
];

type Parts = { db: DatabaseTransaction; caller: Caller };

/** `NotFound` without such a VM. */
export async function readVmReplication(
  { db, caller }: Parts,
  vmId: string,
): Promise<VmReplicationView> {
  const vm = await findVm(db, vmId);
  const copies = await readCopies(db, vm);
  const disks = copies.map(({ view }) => view);
  const copied = new Set(disks.map(({ diskKey }) => diskKey));
  const left = vm.disks.filter(({ key }) => !copied.has(key)).map(({ label }) => label);
  const include = { target: true };
  const [bookmarks, recoveries, recoveredFrom] = await Promise.all([
    db.replicationBookmark.findMany({ where: { vmId }, orderBy: { at: 'desc' } }),
    db.recovery.findMany({ where: { sourceId: vmId }, include, orderBy: { startedAt: 'desc' } }),
    db.recovery.findUnique({ where: { vmId }, include }),
  ]);
  const window = commonWindow(disks);
  const isInside = (at: string): boolean =>
    window.windowFrom !== null &&
    window.windowTo !== null &&
    at >= window.windowFrom &&
    at <= window.windowTo;
  return {
    disks,
    ...window,
    bookmarks: bookmarks.map(({ name, at, createdBy }) => ({
      ...{ name, createdBy, at: at.toISOString(), available: isInside(at.toISOString()) },
    })),
    recoveries: recoveries.map(viewOfRecovery),
    recoveredFrom: recoveredFrom && {
      ...viewOfRecovery(recoveredFrom),
      ...{ sourceId: recoveredFrom.sourceId, sourceName: recoveredFrom.sourceName },
    },
    replacedBy: await readStandIn(db, vmId),
    lossNow: copies.length === 0 ? null : await measureLag(db, vmId, copies),
    actions: await judgeReplicationActions(db, caller, { vm, disks, left, recoveredFrom }),
  };
}

/** A replicated disk with what its target has of it. */
export interface DiskCopy {
  view: ReplicatedDisk;
  disk: Disk;
  target: ReplicationTarget | null;
  report: ReplicaReport | null;
}

/** The copies of a VM's disks that are replicated, by key. */
export async function readCopies(db: DatabaseTransaction, vm: VmRow): Promise<DiskCopy[]> {
  const disks = vm.disks
    .map((disk) => ({ disk, filters: diskFiltersSchema.parse(disk.filters) }))
    .filter(({ filters }) => pairingOf(filters) !== '');
  if (disks.length === 0) return [];
  const pairings = disks.map(({ filters }) => pairingOf(filters));
  const targets = await db.replicationTarget.findMany({ where: { pairing: { in: pairings } } });
  const names = disks.map(({ disk }) => replicaIdOf(nameOf(vm, disk)));
  const replicas = await db.replica.findMany({ where: { diskId: { in: names } } });
  const sample = await newestSample(db, vm);
  return disks.map(({ disk, filters }) => {
    const target = targets.find(({ pairing }) => pairing === pairingOf(filters)) ?? null;
    const diskId = replicaIdOf(nameOf(vm, disk));
    const row = replicas.find((each) => each.diskId === diskId && each.targetId === target?.id);
    const report = row ? replicaReportSchema.parse(row.report) : null;
    return { disk, target, report, view: viewOf({ vm, disk, filters, target, report, sample }) };
  });
}

export function nameOf({ instanceUuid }: VmRow, { key }: Disk): ReplicaName {
  return { instanceUuid, diskKey: key };
}

interface DiskFacts {
  vm: VmRow;
  disk: Disk;
  filters: DiskFilter[];
  target: ReplicationTarget | null;
  report: ReplicaReport | null;
  sample: VmSample | null;
}

function viewOf({ vm, disk, filters, target, report, sample }: DiskFacts): ReplicatedDisk {
  const filter = replicationOf(filters);
  const measured = sample?.disks
    .find(({ diskKey }) => diskKey === disk.key)
    ?.filters.find(({ name }) => name === filter?.name)?.statistics;
  return {
    ...{ diskKey: disk.key, label: disk.label, capacityBytes: Number(disk.capacityBytes) },
    targetId: target?.id ?? null,
    targetName: target?.name ?? '',
    targetTrouble: target?.trouble ?? 'Its replication target was removed.',
    state: vm.powerState === 'poweredOn' ? stateNow(measured?.state, report) : 'off',
    mode: String(filter?.properties.mode ?? 'asynchronous'),
    rpoSeconds: Number(filter?.properties.rpoSeconds ?? 0),
    lagBytes: measured?.lagBytes ?? null,
    lagMilliseconds: measured?.lagMilliseconds ?? null,
    remainingBytes: measured?.resyncRemainingBytes ?? null,
    windowFrom: timeOf(report?.needsResync === false ? (report.oldestUs ?? null) : null),
    windowTo: timeOf(report?.needsResync === false ? report.newestUs : null),
    journalBytes: report?.journalBytes ?? 0,
    damage: report?.damage ?? '',
    unusable: whyUnusable(filters, report),
  };
}

/** A VM that has been idle for long has no samples: then the target's word counts. */
function stateNow(measured: number | undefined, report: ReplicaReport | null): ReplicationState {
  if (measured !== undefined) return STATES[measured] ?? 'unknown';
  return report?.sending && !report.needsResync ? 'inSync' : 'unknown';
}

/** Why the copy alone does not make a disk; empty when it does. */
function whyUnusable(filters: readonly DiskFilter[], report: ReplicaReport | null): string {
  const replication = filters.findIndex((filter) => filter.class === 'replication');
  const encryption = filters.findIndex((filter) => filter.class === 'encryption');
  if (encryption !== -1 && encryption < replication) {
    return 'The copy is encrypted with a key that stands beside the disk alone.';
  }
  if (report === null) return 'The target has no copy of it yet.';
  if (report.needsResync) return 'The copy is still being brought up to date.';
  return '';
}

/** An idle VM has none while nothing changes, so the newest one holds, also when it is old. */
async function newestSample(
  db: DatabaseTransaction,
  { id: vmId, powerState, worldState }: VmRow,
): Promise<VmSample | null> {
  if (powerState !== 'poweredOn' || worldState !== 'running') return null;
  const row = await db.vmSample.findFirst({ where: { vmId }, orderBy: { at: 'desc' } });
  return row && vmSampleSchema.parse(row.data);
}

/** Moments that every disk can be had at; nulls when there are none. */
export function commonWindow(
  disks: readonly Pick<ReplicatedDisk, 'windowFrom' | 'windowTo'>[],
): Pick<VmReplicationView, 'windowFrom' | 'windowTo'> {
  const froms = disks.flatMap(({ windowFrom }) => windowFrom ?? []).sort();
  const tos = disks.flatMap(({ windowTo }) => windowTo ?? []).sort();
  const [from, to] = [froms.at(-1) ?? null, tos[0] ?? null];
  const isWhole = froms.length === disks.length && tos.length === disks.length;
  if (!isWhole || from === null || to === null || from > to) {
    return { windowFrom: null, windowTo: null };
  }
  return { windowFrom: from, windowTo: to };
}

/** Microseconds since the Unix epoch. */
function timeOf(timeUs: number | null): string | null {
  return timeUs === null ? null : new Date(timeUs / 1000).toISOString();
}
