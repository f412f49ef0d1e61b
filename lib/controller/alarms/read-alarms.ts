// Alarms: what needs attention now, derived from the inventory, so that an alarm goes when its
// cause does.
import type { Reason } from '../../model/fault.ts';
import { filterConflicts } from '../../rules/drs.ts';
import { inGib } from '../../rules/storage/vm-reasons.ts';
import type { AlarmView } from '../../wire/api/tasks.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { readHosts } from '../hosts/read-hosts.ts';
import { readClusterFacts, readHostFacts } from '../inventory/read-facts.ts';

/** A datastore with less than this share free is nearly full. */
const FREE_SHARE_MIN = 0.02;

/** Errors before warnings, then by object. */
export async function readAlarms(db: DatabaseTransaction): Promise<AlarmView[]> {
  const found = await Promise.all([
    hostAlarms(db),
    vmAlarms(db),
    datastoreAlarms(db),
    drsAlarms(db),
  ]);
  return found
    .flat()
    .sort(
      (a, b) => a.severity.localeCompare(b.severity) || a.object.name.localeCompare(b.object.name),
    );
}

async function hostAlarms(db: DatabaseTransaction): Promise<AlarmView[]> {
  const hosts = await readHosts(db);
  return hosts.flatMap(({ id, name, issues }) =>
    issues.map((issue, index) => toAlarm({ id, name }, issue, `host-${index}`)),
  );
}

async function vmAlarms(db: DatabaseTransaction): Promise<AlarmView[]> {
  const vms = await db.vm.findMany({
    where: { worldState: 'faulted' },
    select: { id: true, name: true, worldMessage: true },
  });
  return vms.map(({ id, name, worldMessage }) => {
    const message = `The world of ${name} has failed. ${worldMessage}`.trim();
    const remedy = 'Look at the events of the virtual machine; detach the filter that fails.';
    return toAlarm({ id, name }, { fault: 'FilterFault', message, remedy }, 'world');
  });
}

async function datastoreAlarms(db: DatabaseTransaction): Promise<AlarmView[]> {
  const mounts = await db.hostDatastore.findMany({
    where: { accessible: false, host: { connectionState: 'connected' } },
    include: {
      host: { select: { id: true, name: true } },
      datastore: { select: { id: true, name: true } },
    },
  });
  const unreached = mounts.map(({ host, datastore, message }) => {
    const reason: Reason = {
      fault: 'InvalidDatastore',
      message: `${host.name} cannot reach the datastore ${datastore.name}. ${message}`.trim(),
      remedy: `Check the path of ${datastore.name} on ${host.name}.`,
    };
    return toAlarm(datastore, reason, host.id);
  });
  return [...unreached, ...(await fullDatastoreAlarms(db))];
}

/** A VM whose write finds no space is paused until there is some. */
async function fullDatastoreAlarms(db: DatabaseTransaction): Promise<AlarmView[]> {
  const rows = await db.datastore.findMany({ where: { capacityBytes: { gt: 0 } } });
  const isFull = (capacity: bigint, free: bigint) =>
    Number(free) < Number(capacity) * FREE_SHARE_MIN;
  return rows
    .filter(({ capacityBytes, freeBytes }) => isFull(capacityBytes, freeBytes))
    .map(({ id, name, freeBytes }) => {
      const message = `${name} is nearly full: ${inGib(Number(freeBytes))} are free.`;
      const remedy = `Delete or move something on ${name}; VMs that find no space are paused.`;
      return toAlarm({ id, name }, { fault: 'NoDiskSpace', message, remedy }, 'space');
    });
}

async function drsAlarms(db: DatabaseTransaction): Promise<AlarmView[]> {
  const [clusters, hosts] = await Promise.all([readClusterFacts(db), readHostFacts(db)]);
  return clusters.flatMap((cluster) => {
    const own = hosts.filter(({ clusterId }) => clusterId === cluster.id);
    return filterConflicts(cluster, own).map((reason, index) => ({
      ...toAlarm(cluster, reason, `drs-${index}`),
      severity: 'warning' as const,
    }));
  });
}

function toAlarm(
  { id, name }: { id: string; name: string },
  { message, remedy }: Reason,
  cause: string,
): AlarmView {
  return {
    id: `${id}:${cause}`,
    object: { id, name },
    severity: 'error',
    message,
    remedy: remedy ?? '',
  };
}
