// Writes what vSphere HA makes of a host, with its event. Of a host that has failed the VMs count
// as off from then on: nothing of them runs, as their locks say.
import type { HaHostState } from '../../model/availability.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { type Host, Prisma } from '../database/generated/client.ts';
import { type EventInput, postEvent } from '../events/post-event.ts';
import { clearTrouble } from './ha-trouble.ts';

export interface HostFinding {
  state: HaHostState;
  /** Why, in words; empty when there is nothing to say. */
  reason: string;
}

/** Does nothing when it is so already, or the host has changed its connection meanwhile. */
export async function markHost(
  { db, now }: { db: Database; now: number },
  seen: Host,
  { state, reason }: HostFinding,
): Promise<void> {
  if (seen.haState === state && seen.haReason === reason) return;
  const since = seen.haState === state ? seen.haSince : new Date(now);
  await transact(db, async (tx) => {
    const { count } = await tx.host.updateMany({
      where: { id: seen.id, connectionState: seen.connectionState },
      data: { haState: state, haReason: reason, haSince: state === '' ? null : since },
    });
    if (count === 0) return;
    const changed = seen.haState === state ? [] : await enter(tx, seen, { state, reason });
    const places = [seen.id, ...(seen.clusterId ? [seen.clusterId] : []), ...changed];
    await recordChanges(
      tx,
      places.map((object) => ({ object, path: 'ha' })),
    );
  });
}

/** Returns the VMs that have changed. */
async function enter(tx: DatabaseTransaction, host: Host, finding: HostFinding): Promise<string[]> {
  const event = eventOf(host, finding);
  if (event) await postEvent(tx, { ...event, objects: [host.id, ...clusterOf(host)] });
  if (finding.state === 'hostDown') return switchOff(tx, host);
  if (finding.state !== 'connected' && finding.state !== '') return [];
  const vms = await tx.vm.findMany({ where: { hostId: host.id }, select: { id: true } });
  return clearTrouble(
    tx,
    vms.map(({ id }) => id),
  );
}

async function switchOff(tx: DatabaseTransaction, host: Host): Promise<string[]> {
  const vms = await tx.vm.findMany({
    where: { hostId: host.id, powerState: 'poweredOn' },
    select: { id: true },
  });
  const ids = vms.map(({ id }) => id);
  await tx.disk.updateMany({
    where: { vmId: { in: ids } },
    data: { connections: 0, reportedFilters: Prisma.DbNull },
  });
  await tx.vm.updateMany({
    where: { id: { in: ids }, hostId: host.id },
    data: {
      ...{ powerState: 'poweredOff', worldState: 'off', nbdSocketPath: '', cpuUsage: 0 },
      ...{ worldMessage: `${host.name} has failed.`, trouble: Prisma.DbNull },
    },
  });
  return ids;
}

function clusterOf({ clusterId }: Host): string[] {
  return clusterId === null ? [] : [clusterId];
}

function eventOf(
  { name, haState }: Host,
  { state, reason }: HostFinding,
): Pick<EventInput, 'type' | 'severity' | 'message'> | null {
  switch (state) {
    case 'hostDown':
      return {
        ...{ type: 'DasHostFailedEvent', severity: 'error' },
        message: `vSphere HA has found that ${name} has failed. ${reason}`,
      };
    case 'networkIsolated':
      return {
        ...{ type: 'DasHostIsolatedEvent', severity: 'warning' },
        message: `vSphere HA has found that ${name} is cut off from the network. ${reason}`,
      };
    case 'connected':
      if (haState !== 'hostDown' && haState !== 'networkIsolated') return null;
      return {
        ...{ type: 'HostDasOkEvent', severity: 'info' },
        message: `vSphere HA: ${name} is back.`,
      };
    default:
      return null;
  }
}
