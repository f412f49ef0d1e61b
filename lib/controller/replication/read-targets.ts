// Replication targets as the console shows them: whether they answer, who sends to them, what they
// keep, and what may be done.
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { verdictOf } from '../../model/verdict.ts';
import { replicaReportSchema } from '../../wire/agent/target-rpc.ts';
import type { ReplicationTargetView } from '../../wire/api/replication.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';
import { targetUses } from './change-targets.ts';
import { readSendingDisks } from './replicated-disks.ts';

export async function readTargets({
  db,
  caller,
}: {
  db: DatabaseTransaction;
  caller: Caller;
}): Promise<ReplicationTargetView[]> {
  const include = { replicas: { select: { report: true } } };
  const rows = await db.replicationTarget.findMany({ orderBy: { name: 'asc' }, include });
  const sending = await readSendingDisks(db);
  const manage = { privilege: 'Host.Hbr.HbrManagement', objectId: ROOT_FOLDER_ID } as const;
  const judged = await judgeActions(db, caller, {
    rename: { wanted: [manage] },
    check: { wanted: [manage] },
    remove: { wanted: [manage] },
  });
  return Promise.all(
    rows.map(async (row) => {
      const { id, name, address, port, createdBy, trouble } = row;
      const reports = row.replicas.map(({ report }) => replicaReportSchema.parse(report));
      const sum = (size: (report: (typeof reports)[number]) => number): number =>
        reports.reduce((total, report) => total + size(report), 0);
      const reasons = [...(judged.remove?.reasons ?? []), ...(await targetUses(db, row))];
      return {
        ...{ id, name, address, port, createdBy, trouble },
        createdAt: row.createdAt.toISOString(),
        checkedAt: row.checkedAt?.toISOString() ?? null,
        disks: sending
          .filter(({ pairing }) => pairing === row.pairing)
          .map(({ pairing: _, ...disk }) => disk),
        copies: reports.length,
        copyBytes: sum(({ sizeBytes }) => sizeBytes),
        journalBytes: sum(({ journalBytes }) => journalBytes),
        actions: { ...judged, remove: verdictOf(reasons) },
      };
    }),
  );
}
