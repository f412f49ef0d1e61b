// Key providers as the console shows them: how many keys, which disks need them, what may be done.
import { z } from 'zod';
import type { Reason } from '../../model/fault.ts';
import { diskFilterSchema } from '../../model/filter.ts';
import { ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { keysOf } from '../../model/key.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { KeyProviderView } from '../../wire/api/keys.ts';
import { policyRuleSchema } from '../../wire/api/policies.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { judgeActions } from '../permissions/judge-actions.ts';
import { shownServer } from './kmip-provider.ts';

type DiskUse = KeyProviderView['disks'][number];

const filtersSchema = z.array(diskFilterSchema);
const rulesSchema = z.array(policyRuleSchema);

export async function readKeyProviders({
  db,
  caller,
}: {
  db: DatabaseTransaction;
  caller: Caller;
}): Promise<KeyProviderView[]> {
  const include = { _count: { select: { keys: true } } };
  const rows = await db.keyProvider.findMany({ orderBy: { name: 'asc' }, include });
  const servers = {
    privilege: 'Cryptographer.ManageKeyServers',
    objectId: ROOT_FOLDER_ID,
  } as const;
  const keys = { privilege: 'Cryptographer.ManageKeys', objectId: ROOT_FOLDER_ID } as const;
  const judged = await judgeActions(db, caller, {
    setDefault: { wanted: [servers] },
    check: { wanted: [servers] },
    changeServer: { wanted: [servers] },
    backUp: { wanted: [keys] },
    delete: { wanted: [servers] },
  });
  return Promise.all(
    rows.map(async ({ _count, backedUpAt, createdAt, backedUp, checkedAt, ...row }) => {
      const { disks, reasons } = await providerUses(db, row.name);
      const { id, name, type, isDefault, createdBy, trouble } = row;
      const isKmip = type === 'kmip';
      const noBackup = isKmip ? [reasonOf(keysOnServer(name))] : [];
      const noServer = isKmip ? [] : [reasonOf(`${name} is a native key provider.`)];
      return {
        ...{ id, name, type, isDefault, createdBy, trouble },
        server: shownServer(row),
        checkedAt: checkedAt?.toISOString() ?? null,
        createdAt: createdAt.toISOString(),
        backedUpAt: backedUpAt?.toISOString() ?? null,
        keyCount: _count.keys,
        notBackedUp: isKmip ? 0 : Math.max(_count.keys - backedUp, 0),
        disks,
        actions: {
          ...judged,
          backUp: alsoBecause(judged.backUp, noBackup),
          check: alsoBecause(judged.check, noServer),
          changeServer: alsoBecause(judged.changeServer, noServer),
          delete: alsoBecause(judged.delete, reasons),
        },
      };
    }),
  );
}

/** Why keys of a KMIP provider are in no backup. */
export function keysOnServer(name: string): string {
  return `The keys of ${name} stand on its key server, which has backups of its own.`;
}

function reasonOf(message: string): Reason {
  return { fault: 'InvalidState', message };
}

function alsoBecause(judged: Verdict | undefined, more: readonly Reason[]): Verdict {
  return verdictOf([...(judged?.reasons ?? []), ...more]);
}

/** The disks that are encrypted with its keys, and every reason not to delete it. */
export async function providerUses(
  db: DatabaseTransaction,
  name: string,
): Promise<{ disks: DiskUse[]; reasons: Reason[] }> {
  const rows = await db.disk.findMany({
    where: { filters: { not: [] } },
    include: { vm: { select: { name: true } } },
    orderBy: [{ vmId: 'asc' }, { key: 'asc' }],
  });
  const disks = rows.flatMap(({ vmId, vm, key: diskKey, label: diskLabel, filters }) =>
    keysOf(filtersSchema.parse(filters))
      .filter(({ provider }) => provider === name)
      // The one before a rekey counts as long as no newer one is of this provider.
      .slice(0, 1)
      .map(({ keyId }) => ({ vmId, vmName: vm.name, diskKey, diskLabel, keyId })),
  );
  const policies = (await db.policy.findMany({ orderBy: { name: 'asc' } })).filter(({ rules }) =>
    rulesSchema.parse(rules).some(({ properties }) => properties.keyProvider === name),
  );
  return {
    disks,
    reasons: [
      ...disks.map(({ vmId, vmName, diskLabel }) => ({
        fault: 'ResourceInUse' as const,
        message: `${diskLabel} of ${vmName} is encrypted with a key of ${name}.`,
        remedy: 'Take the storage policy from the disk first, or one of another provider.',
        objects: [vmId],
      })),
      ...policies.map((policy) => ({
        fault: 'ResourceInUse' as const,
        message: `The storage policy ${policy.name} names ${name}.`,
        remedy: 'Name another key provider there.',
        objects: [policy.id],
      })),
    ],
  };
}
