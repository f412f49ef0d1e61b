// The gate for every report that is written: writers of one host take turns, and of two reports of
// one boot the older one is not written after the newer.
import type { HostReport } from '../../wire/agent/host-rpc.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Host } from '../database/generated/client.ts';

/** The host's row, locked until the transaction ends; null when it is gone or the report is old. */
export async function acceptReport(
  tx: DatabaseTransaction,
  hostId: string,
  { bootId, revision }: Pick<HostReport, 'bootId' | 'revision'>,
): Promise<Host | null> {
  await tx.$queryRaw`SELECT "id" FROM "Host" WHERE "id" = ${hostId} FOR UPDATE`;
  const host = await tx.host.findUnique({ where: { id: hostId } });
  if (!host || (host.bootId === bootId && revision < host.reportRevision)) return null;
  if (host.bootId !== bootId || host.reportRevision !== revision) {
    const data = { bootId, reportRevision: revision };
    await tx.host.update({ where: { id: hostId }, data });
  }
  return host;
}
