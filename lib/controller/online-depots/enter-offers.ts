// Enters what a synchronisation found: new VIBs, which are offered, and which are offered no more.
// One that is offered no more stays while it is used, was there before, or another depot offers it.
import { recordChange } from '../changes/record-change.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import { Prisma } from '../database/generated/client.ts';
import { insertVibs } from '../depot/add-vibs.ts';
import { findUses, forgetVib } from '../depot/delete-vib.ts';
import type { Depot } from '../depot/depot.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import type { Fetched } from './fetch-offers.ts';
import { findOnlineDepot, timesAfter } from './sync-depot.ts';

export interface Synchronized {
  added: number;
  removed: number;
  /** Offered no more, and kept because they are used. */
  kept: number;
  /** Of the VIBs that were removed. */
  files: string[];
}

export async function enterOffers(
  tx: DatabaseTransaction,
  context: TaskContext,
  { depot, id, url, fetched }: { depot: Depot; id: string; url: string; fetched: Fetched },
): Promise<Synchronized> {
  const before = await tx.vib.findMany({
    where: { vibId: { in: fetched.offered } },
    select: { id: true },
  });
  const inserted = await insertVibs(tx, { depot, addedBy: url }, fetched.prepared);
  const old = new Set(before.map((vib) => vib.id));
  const added = inserted.filter((vibId) => !old.has(vibId));
  await writeOffered(tx, id, { old: [...old], added });
  const gone = await takeAway(tx, { id, url, offered: new Set([...old, ...added]) });
  const { intervalMinutes } = await findOnlineDepot(tx, id);
  const times = timesAfter(context.clock.now(), intervalMinutes);
  await tx.onlineDepot.update({
    where: { id },
    data: {
      ...{ state: 'synchronized', fault: Prisma.DbNull, ...times },
      lastGoodAt: times.lastSyncAt,
    },
  });
  await recordChange(tx, { object: id, path: 'state' });
  const counts = { added: added.length, removed: gone.files.length, kept: gone.kept };
  if (counts.added + counts.removed > 0) await announce(tx, context, { id, url, ...counts });
  return { ...counts, files: gone.files };
}

async function writeOffered(
  tx: DatabaseTransaction,
  onlineDepotId: string,
  { old, added }: { old: string[]; added: string[] },
): Promise<void> {
  await tx.onlineDepotVib.createMany({
    data: [
      ...old.map((vibId) => ({ onlineDepotId, vibId, brought: false })),
      ...added.map((vibId) => ({ onlineDepotId, vibId, brought: true })),
    ],
    skipDuplicates: true,
  });
  await tx.onlineDepotVib.updateMany({
    where: { onlineDepotId, vibId: { in: [...old, ...added] } },
    data: { offered: true },
  });
}

async function takeAway(
  tx: DatabaseTransaction,
  { id: onlineDepotId, url, offered }: { id: string; url: string; offered: Set<string> },
): Promise<{ files: string[]; kept: number }> {
  const links = await tx.onlineDepotVib.findMany({
    where: { onlineDepotId, vibId: { notIn: [...offered] } },
    include: { vib: { include: { offers: true } } },
  });
  const files: string[] = [];
  let kept = 0;
  for (const { brought, vib } of links) {
    await tx.$queryRaw`SELECT id FROM "Vib" WHERE id = ${vib.id} FOR UPDATE`;
    const isOffered = vib.offers.some((one) => one.onlineDepotId !== onlineDepotId && one.offered);
    const isUsed = (await findUses(tx, vib)).length > 0;
    if (isUsed) kept += 1;
    if (brought && !isOffered && !isUsed) {
      await forgetVib(tx, vib, url);
      files.push(vib.fileName);
      continue;
    }
    const key = { onlineDepotId_vibId: { onlineDepotId, vibId: vib.id } };
    await tx.onlineDepotVib.update({ where: key, data: { offered: false } });
  }
  return { files, kept };
}

async function announce(
  tx: DatabaseTransaction,
  { initiator, taskId }: TaskContext,
  { id, url, added, removed, kept }: { id: string; url: string } & Omit<Synchronized, 'files'>,
): Promise<void> {
  const parts = [`${added} added`, `${removed} removed`];
  if (kept > 0) parts.push(`${kept} kept because they are used`);
  await postEvent(tx, {
    ...{ type: 'OnlineDepotSynchronizedEvent', severity: 'info', initiator, taskId },
    message: `${url} was synchronized. VIBs: ${parts.join(', ')}.`,
    objects: [id],
  });
}
