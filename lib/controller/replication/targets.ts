// Replication targets as rows: found, and opened with the key of their pairing, which stands sealed
// in the database and leaves it for connections to the target and for hosts that send to it.
import { Fault } from '../../model/fault.ts';
import { type KeyRef, PAIRING_KEYS } from '../../model/key.ts';
import type { GivenKey } from '../../wire/agent/key-rpc.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { ReplicationTarget } from '../database/generated/client.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { OpenTarget } from './target-connection.ts';

const PURPOSE = 'key of a replication target';

/** `NotFound` when there is no such target. */
export async function findTarget(tx: DatabaseTransaction, id: string): Promise<ReplicationTarget> {
  const target = await tx.replicationTarget.findUnique({ where: { id } });
  if (!target) throw new Fault('NotFound', `There is no replication target ${id}.`);
  return target;
}

/** The key is hexadecimal. */
export function sealTargetKey(sealer: Sealer, key: string): string {
  return sealer.seal(key, PURPOSE);
}

/** Throws `InvalidState` when it was sealed under another secret. */
export function openTarget(sealer: Sealer, row: ReplicationTarget): OpenTarget {
  const { name, address, port, pairing, sealedKey } = row;
  const key = Buffer.from(sealer.open(sealedKey, PURPOSE), 'hex');
  return { name, address, port, pairing, key };
}

/** The keys of those among the refs that are keys of pairings. */
export async function findTargetKeys(
  { db, sealer }: { db: DatabaseTransaction; sealer: Sealer },
  refs: readonly KeyRef[],
): Promise<GivenKey[]> {
  const pairings = refs.filter(({ provider }) => provider === PAIRING_KEYS);
  if (pairings.length === 0) return [];
  const rows = await db.replicationTarget.findMany({
    where: { pairing: { in: pairings.map(({ keyId }) => keyId) } },
  });
  return rows.map((row) => ({
    ...{ provider: PAIRING_KEYS, keyId: row.pairing },
    value: Buffer.from(openTarget(sealer, row).key).toString('base64'),
  }));
}
