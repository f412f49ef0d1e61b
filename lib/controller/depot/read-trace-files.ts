// The vSCSI traces of the depot.
import type { TraceFileView } from '../../wire/api/operations.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Prisma } from '../database/generated/client.ts';

/** The traces that the condition selects (all without one), by name. */
export async function readTraceFiles(
  db: DatabaseTransaction,
  where: Prisma.TraceFileWhereInput = {},
): Promise<TraceFileView[]> {
  const rows = await db.traceFile.findMany({ where, orderBy: { name: 'asc' } });
  return rows.map(({ fileName: _, addedBy: __, ...row }) => ({
    ...row,
    spanBytes: Number(row.spanBytes),
    sizeBytes: Number(row.sizeBytes),
    addedAt: row.addedAt.toISOString(),
  }));
}
