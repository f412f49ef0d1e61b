// Asks the other hosts of a cluster what the locks of a silent host's VMs say.
import { groupBy } from '../../base/group-by.ts';
import type { SeenSign } from '../../rules/ha/host-life.ts';
import { LOCK_SIGNS_MAX, readLockSigns } from '../../wire/agent/lock-rpc.ts';
import { isUnreachable } from '../agents/agent-client.ts';
import type { Host } from '../database/generated/client.ts';
import type { TaskServices } from '../tasks/task-context.ts';

interface DiskPlace {
  datastoreId: string;
  path: string;
}

/**
 * Of all disks of VMs that the host runs or shall run, on datastores that others of the cluster
 * mount. One that none of them can look at now is `unreadable`; what is on the host's own
 * datastores says nothing, and nobody else could start it.
 */
export async function readHostSigns(
  services: Pick<TaskServices, 'db' | 'agents' | 'logger'>,
  silent: Host,
): Promise<SeenSign[]> {
  const { db } = services;
  const disks = await db.disk.findMany({
    where: {
      vm: {
        hostId: silent.id,
        OR: [{ powerState: 'poweredOn' }, { desiredPowerState: 'poweredOn' }],
      },
    },
    select: { datastoreId: true, path: true },
  });
  const mounts = await db.hostDatastore.findMany({
    where: {
      datastoreId: { in: [...new Set(disks.map(({ datastoreId }) => datastoreId))] },
      host: { clusterId: silent.clusterId, id: { not: silent.id } },
    },
    include: { host: true },
    orderBy: { hostId: 'asc' },
  });
  const seen: SeenSign[] = [];
  for (const [datastoreId, places] of groupBy(disks, (disk) => disk.datastoreId)) {
    const sharing = mounts.filter((mount) => mount.datastoreId === datastoreId);
    if (sharing.length === 0) continue;
    const readers = sharing
      .filter(({ accessible, host }) => accessible && host.connectionState === 'connected')
      .map(({ host }) => host);
    seen.push(...(await askReaders(services, readers, places)));
  }
  return seen;
}

/** The first that answers speaks for all. */
async function askReaders(
  services: Pick<TaskServices, 'agents' | 'logger'>,
  readers: readonly Host[],
  places: readonly DiskPlace[],
): Promise<SeenSign[]> {
  for (const reader of readers) {
    const seen = await askReader(services, reader, places);
    if (seen !== null) return seen;
  }
  return places.map((place) => ({
    ...{ disk: keyOf(place), state: 'unreadable', hostUuid: '', sign: '' },
  }));
}

/** Null when it does not answer, or cannot look at one of them. */
async function askReader(
  { agents, logger }: Pick<TaskServices, 'agents' | 'logger'>,
  reader: Host,
  places: readonly DiskPlace[],
): Promise<SeenSign[] | null> {
  const seen: SeenSign[] = [];
  for (let at = 0; at < places.length; at += LOCK_SIGNS_MAX) {
    const disks = places.slice(at, at + LOCK_SIGNS_MAX);
    try {
      const { signs } = await agents.call(reader, readLockSigns, { disks });
      if (signs.some(({ state }) => state === 'unreadable')) return null;
      seen.push(...signs.map((sign) => ({ ...sign, disk: keyOf(sign) })));
    } catch (err) {
      if (!isUnreachable(err)) logger.warn({ err, host: reader.name }, 'locks could not be read');
      return null;
    }
  }
  return seen;
}

function keyOf({ datastoreId, path }: DiskPlace): string {
  return `${datastoreId} ${path}`;
}
