// Alarms: what needs attention now, derived from the inventory, so that an alarm goes when its
// cause does.
import { groupBy } from '../../base/group-by.ts';
import type { Reason } from '../../model/fault.ts';
import { type VmTrouble, vmTroubleSchema } from '../../model/vm-trouble.ts';
import { filterConflicts } from '../../rules/drs.ts';
import { missingHosts } from '../../rules/storage/object-health.ts';
import { inGib } from '../../rules/storage/vm-reasons.ts';
import type { AlarmView } from '../../wire/api/tasks.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { Prisma } from '../database/generated/client.ts';
import { factsOfObject } from '../datastores/stored-objects.ts';
import { readHosts } from '../hosts/read-hosts.ts';
import { readClusterFacts, readHostFacts } from '../inventory/read-facts.ts';
import { haAlarms } from './ha-alarms.ts';
import { replicationAlarms } from './replication-alarms.ts';

/** A datastore with less than this share free is nearly full. */
const FREE_SHARE_MIN = 0.02;

/** Errors before warnings, then by object. */
export async function readAlarms(db: DatabaseTransaction): Promise<AlarmView[]> {
  const found = await Promise.all([
    hostAlarms(db),
    vmAlarms(db),
    datastoreAlarms(db),
    drsAlarms(db),
    keyServerAlarms(db),
    replicationAlarms(db),
    haAlarms(db),
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
  const [vms, datastores] = await Promise.all([
    db.vm.findMany({
      where: {
        OR: [
          { worldState: 'faulted' },
          { powerState: 'poweredOn', trouble: { not: Prisma.DbNull } },
        ],
      },
      select: { id: true, name: true, worldState: true, worldMessage: true, trouble: true },
    }),
    db.datastore.findMany({ select: { id: true, name: true } }),
  ]);
  const names = new Map(datastores.map(({ id, name }) => [id, name]));
  return vms.map((vm) => {
    const trouble = vmTroubleSchema.nullable().parse(vm.trouble);
    const place = (id: string): string => names.get(id) ?? id;
    return toAlarm(vm, judgeVm({ ...vm, trouble }, place), 'world');
  });
}

function judgeVm(
  vm: { name: string; worldState: string; worldMessage: string; trouble: VmTrouble | null },
  nameOfDatastore: (id: string) => string,
): Reason {
  const { name, worldState, worldMessage, trouble } = vm;
  const failed = `The virtual machine ${name} has failed. ${worldMessage}`.trim();
  const message = worldState === 'faulted' ? failed : `${name}: ${worldMessage}`;
  switch (trouble?.kind) {
    case 'noSpace': {
      const place = nameOfDatastore(trouble.datastoreId);
      const waits = `Virtual machine ${name} waits for space on ${place}.`;
      const remedy = `Delete or move something on ${place}; the virtual machine then goes on.`;
      return { fault: 'NoDiskSpace', message: waits, remedy };
    }
    case 'filter': {
      const filter = trouble.filterName;
      const remedy = `Detach the I/O filter ${filter} from its disks, or install a better version.`;
      return { fault: 'FilterFault', message, remedy };
    }
    case 'keyMissing':
      return { fault: 'CannotOpenDisk', message, remedy: 'Check the key provider and the key.' };
    case 'lockLost':
      return { fault: 'FileLocked', message, remedy: 'Find which host has its disks open.' };
    case 'storage':
      return { fault: 'FileFault', message, remedy: 'Check the datastores of its disks.' };
    default:
      return { fault: 'SystemError', message, remedy: `Look at the events of ${name}.` };
  }
}

async function keyServerAlarms(db: DatabaseTransaction): Promise<AlarmView[]> {
  const rows = await db.keyProvider.findMany({ where: { type: 'kmip', trouble: { not: '' } } });
  return rows.map(({ id, name, trouble }) => {
    const message = `Keys of ${name} cannot be had. ${trouble}`;
    const remedy = 'Disks that are open stay so. Bring the key server back, then check it.';
    return toAlarm({ id, name }, { fault: 'KeyNotAvailable', message, remedy }, 'server');
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
  return [...unreached, ...(await fullDatastoreAlarms(db)), ...(await objectAlarms(db))];
}

/** One for each datastore with objects that are not well, as the field's object health test has. */
async function objectAlarms(db: DatabaseTransaction): Promise<AlarmView[]> {
  const rows = await db.storageObject.findMany({
    where: { state: { in: ['reducedRedundancy', 'resyncing', 'inaccessible'] } },
    include: { datastore: { select: { id: true, name: true } } },
    orderBy: { id: 'asc' },
  });
  return [...groupBy(rows, ({ datastoreId }) => datastoreId).values()].flatMap((objects) => {
    const [first] = objects;
    if (!first) return [];
    const { id, name } = first.datastore;
    const lost = objects.filter(({ state }) => state === 'inaccessible').length;
    const counts = [
      ...(lost > 0 ? [`${lost} inaccessible`] : []),
      ...(objects.length > lost ? [`${objects.length - lost} with reduced availability`] : []),
    ];
    const missing = new Set(objects.flatMap((row) => missingHosts(factsOfObject(row))));
    const hosts = missing.size > 0 ? ` Not there: ${[...missing].sort().join(', ')}.` : '';
    const message = `Objects on ${name} are not healthy: ${counts.join(', ')}.${hosts}`;
    const remedy = `Bring the hosts of ${name} back; what they lack is then copied by itself.`;
    const reason = { fault: 'InvalidDatastore' as const, message, remedy };
    const severity = lost > 0 ? ('error' as const) : ('warning' as const);
    return [{ ...toAlarm({ id, name }, reason, 'objects'), severity }];
  });
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
