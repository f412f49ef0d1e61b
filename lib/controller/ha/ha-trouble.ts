// Why a VM of a failed host is down still: written on the VM, so that its page and the alarms say
// it.
import { type HaTrouble, haTroubleSchema } from '../../model/availability.ts';
import type { Reason } from '../../model/fault.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Database, DatabaseTransaction } from '../database/client.ts';
import { type Host, Prisma } from '../database/generated/client.ts';
import { canonical } from '../reconciler/apply-worlds.ts';

/** Reasons of one VM that are kept: a cluster may have 64 hosts with several each. */
const REASONS_MAX = 64;

/** Whether it says anything new. The caller records the change. */
export async function saveTrouble(
  tx: DatabaseTransaction,
  failed: Host,
  { vmId, reasons }: { vmId: string; reasons: readonly Reason[] },
): Promise<boolean> {
  const vm = await tx.vm.findUnique({ where: { id: vmId }, select: { haTrouble: true } });
  const trouble: HaTrouble = {
    failedHost: { id: failed.id, name: failed.name },
    since: (failed.haSince ?? new Date(0)).toISOString(),
    reasons: reasons.slice(0, REASONS_MAX),
  };
  const text = JSON.stringify(trouble);
  if (!vm || canonical(vm.haTrouble) === canonical(JSON.parse(text))) return false;
  await tx.vm.update({ where: { id: vmId }, data: { haTrouble: JSON.parse(text) } });
  return true;
}

/** Returns those that had one. */
export async function clearTrouble(
  tx: DatabaseTransaction,
  vmIds: readonly string[],
): Promise<string[]> {
  const where = { id: { in: [...vmIds] }, haTrouble: { not: Prisma.DbNull } };
  const rows = await tx.vm.findMany({ where, select: { id: true } });
  await tx.vm.updateMany({ where, data: { haTrouble: Prisma.DbNull } });
  return rows.map(({ id }) => id);
}

/** Of VMs that an admin has moved away from the failed host, or powered on elsewhere. */
export async function forgetTrouble(db: Database): Promise<void> {
  const where = { haTrouble: { not: Prisma.DbNull }, host: { haState: { not: 'hostDown' } } };
  const rows = await db.vm.findMany({ where, select: { id: true } });
  if (rows.length === 0) return;
  await transact(db, async (tx) => {
    const cleared = await clearTrouble(
      tx,
      rows.map(({ id }) => id),
    );
    await recordChanges(
      tx,
      cleared.map((object) => ({ object, path: 'ha' })),
    );
  });
}

export function troubleOf(value: unknown): HaTrouble | null {
  const parsed = haTroubleSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
