// The lab's second site: a replication target on this machine, which the lab is paired with as an
// administrator would do it, by the code that the target shows.
import { readFileSync } from 'node:fs';
import { callPeer } from '#host/volumes/rpc-client.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { recordChange } from '#lib/controller/changes/record-change.ts';
import { transact } from '#lib/controller/changes/transact.ts';
import type { Database } from '#lib/controller/database/client.ts';
import { systemCaller } from '#lib/controller/permissions/caller.ts';
import { pairTarget } from '#lib/controller/replication/change-targets.ts';
import { createSealer } from '#lib/controller/secrets/sealer.ts';
import { newPairingCode } from '#lib/wire/agent/target-rpc.ts';
import { LAB_TARGET } from './lab.ts';
import type { SeedOptions } from './seed-options.ts';

const ADDRESS = '127.0.0.1';

/** Pairs with the target, unless that was done. */
export async function seedTarget(db: Database, options: SeedOptions): Promise<void> {
  const { target, secretFile } = options;
  if (await db.replicationTarget.findUnique({ where: { name: LAB_TARGET } })) return;
  const place = { host: ADDRESS, port: target.rpcPort };
  const { code } = await callPeer({ place, token: target.token }, newPairingCode, {});
  const sealer = createSealer(readFileSync(secretFile), systemRandom);
  const on = { db, caller: systemCaller('Sluice'), sealer, clock: systemClock };
  await pairTarget(on, { name: LAB_TARGET, address: ADDRESS, port: target.port, code });
}

/** Writes where the target listens now. */
export async function updateTarget(db: Database, { target }: SeedOptions): Promise<void> {
  const { port } = target;
  await transact(db, async (tx) => {
    const found = await tx.replicationTarget.findUnique({ where: { name: LAB_TARGET } });
    if (found === null || found.address !== ADDRESS || found.port === port) return;
    await tx.replicationTarget.update({ where: { id: found.id }, data: { port } });
    await recordChange(tx, { object: found.id, path: 'replicationTarget' });
  });
}
