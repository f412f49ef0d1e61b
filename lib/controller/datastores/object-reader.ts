// Keeps the copy of the objects of vSAN and vVol datastores true. All hosts of a datastore see the
// same objects, a moment apart: one of them is asked, so that no older answer follows a newer one.
import type { HostReport } from '../../wire/agent/host-rpc.ts';
import { readObjects } from '../../wire/agent/object-rpc.ts';
import { transact } from '../changes/transact.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Host } from '../database/generated/client.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { applyObjects } from './apply-objects.ts';
import { factsOfObject } from './stored-objects.ts';

type Reported = HostReport['datastores'][number];

/** What is stored of a datastore that no host reaches, in place of a digest. */
const UNREACHED = 'unreached';

export class ObjectReader {
  readonly #services: TaskServices;
  readonly #busy = new Set<string>();

  constructor(services: TaskServices) {
    this.#services = services;
  }

  /** Looks at each datastore of the report that has objects; does not wait. */
  start(host: Host, { datastores }: HostReport): void {
    for (const datastore of datastores) {
      const { id, type } = datastore;
      if ((type !== 'vsan' && type !== 'VVOL') || this.#busy.has(id)) continue;
      this.#busy.add(id);
      this.#look(host, datastore)
        .catch((err: unknown) => {
          const { logger } = this.#services;
          logger.info({ err, datastore: datastore.name }, 'objects could not be read');
        })
        .finally(() => this.#busy.delete(id));
    }
  }

  async #look(host: Host, reported: Reported): Promise<void> {
    const { db, agents, clock } = this.#services;
    const { id: datastoreId, objectsDigest } = reported;
    const speaker = await findSpeaker(db, datastoreId);
    if (speaker === null) {
      await this.#markUnreached(datastoreId);
      return;
    }
    if (speaker !== host.id || !reported.accessible || objectsDigest === undefined) return;
    const known = await db.datastore.findUnique({ where: { id: datastoreId } });
    if (!known || known.objectsDigest === objectsDigest) return;
    const told = await agents.call(host, readObjects, { datastoreId });
    await transact(db, async (tx) => {
      const datastore = await lock(tx, datastoreId);
      if (!datastore || (await findSpeaker(tx, datastoreId)) !== host.id) return;
      await applyObjects(tx, { datastore, ...told, now: clock.now() });
    });
  }

  /** No host reaches them, so nobody does I/O on them. */
  async #markUnreached(datastoreId: string): Promise<void> {
    const { db, clock } = this.#services;
    const known = await db.datastore.findUnique({ where: { id: datastoreId } });
    if (!known || known.objectsDigest === UNREACHED || known.objectsDigest === '') return;
    await transact(db, async (tx) => {
      const datastore = await lock(tx, datastoreId);
      if (!datastore || (await findSpeaker(tx, datastoreId)) !== null) return;
      const rows = await tx.storageObject.findMany({ where: { datastoreId } });
      const objects = rows.map((row) => {
        const { components, bytesToResync, holder } = factsOfObject(row);
        const state = 'inaccessible' as const;
        const sizes = { sizeBytes: Number(row.sizeBytes), usedBytes: Number(row.usedBytes) };
        return { id: row.id, state, bytesToResync, components: [...components], holder, ...sizes };
      });
      const objectHealth: Record<string, number> = {};
      if (rows.length > 0) objectHealth.inaccessible = rows.length;
      const told = { datastore, objects, objectHealth, digest: UNREACHED, now: clock.now() };
      await applyObjects(tx, told);
    });
  }
}

/** The host that is asked: the first of the connected ones that reach it. */
async function findSpeaker(db: DatabaseTransaction, datastoreId: string): Promise<string | null> {
  const mount = await db.hostDatastore.findFirst({
    where: { datastoreId, accessible: true, host: { connectionState: 'connected' } },
    orderBy: { hostId: 'asc' },
  });
  return mount?.hostId ?? null;
}

async function lock(tx: DatabaseTransaction, datastoreId: string) {
  await tx.$queryRaw`SELECT "id" FROM "Datastore" WHERE "id" = ${datastoreId} FOR UPDATE`;
  return tx.datastore.findUnique({ where: { id: datastoreId }, select: { id: true, name: true } });
}
