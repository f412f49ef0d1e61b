// kill -9 of worlds at random moments of random I/O while their disk is encrypted, decrypted, and
// given new keys, over a drive that loses its own cache with the process: what was flushed must be
// there each time.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { decodeState } from '#filters/encryption/stored-state.ts';
import { WorldHarness } from '#host/world/world-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { decodeSidecar } from '#lib/formats/vmfd/sidecar.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import {
  DISK_BYTES,
  isGone,
  killUnderLoad,
  probeFilter,
  shippedFilter,
} from '#scripts/cache/kill-loop.ts';
import { DiskLoad } from '#scripts/certify/lab/disk-load.ts';
import { Failure, Trial } from '#scripts/certify/lab/trial.ts';
import { TrialHosts } from '#scripts/certify/lab/trial-hosts.ts';

export interface EncryptionKills {
  kills: number;
  /** I/Os that were answered. */
  operations: number;
  /** Kills that came in the middle of a walk, and those with a range under way. */
  inWalks: number;
  withRange: number;
  /** Worlds that had ended before they were killed: on a busy machine one loses its lock. */
  endedItself: number;
}

/** Throws Failure at the first answer that no order of the I/O explains. */
export async function encryptionKills(options: {
  kills: number;
  seed: number;
  /** Told of each kill after which the whole disk was right. */
  onKill?(kills: number): void;
}): Promise<EncryptionKills> {
  const harness = await WorldHarness.create();
  try {
    return await inHarness(harness, options);
  } finally {
    await harness.dispose();
  }
}

async function inHarness(
  harness: WorldHarness,
  { kills, seed, onKill }: Parameters<typeof encryptionKills>[0],
): Promise<EncryptionKills> {
  const having = { flash: false, diskName: 'disk0', pairingKeys: [] };
  const hosts = new TrialHosts(path.join(harness.directory, 'hosts'), having);
  const wish = new Wishes(hosts.keys.map(({ provider, keyId }) => ({ provider, keyId })));
  const filter = { ...(await shippedFilter(harness, 'encryption')), properties: wish.now };
  const probe = await probeFilter(harness);
  const disk = { diskIndex: 0, sizeBytes: DISK_BYTES, checked: false };
  const trial = await Trial.start({ harness, probe, filter, hosts, ...disk });
  const random = new XorShift(seed);
  const load = new DiskLoad(trial, random);
  const counts = { inWalks: 0, withRange: 0, endedItself: 0 };
  for (let round = 1; round <= kills; round++) {
    await trial.setCandidate(wish.next());
    await killUnderLoad(trial, load, random).catch((thrown: unknown) => {
      if (isGone(thrown)) {
        counts.endedItself += 1;
        return trial.abandon();
      }
      const what = thrown instanceof Error ? thrown.message : String(thrown);
      throw new Failure(`Before kill -9 number ${round}: ${what}`);
    });
    const walk = await walkOf(harness.directory);
    if (walk) counts.inWalks += 1;
    if (walk?.heads) counts.withRange += 1;
    load.model.crash();
    await trial.reopen();
    await load.verify(`After kill -9 number ${round}, a read`);
    onKill?.(round);
  }
  await trial.stop();
  return { kills, operations: load.answered, ...counts };
}

/** So slow that most kills come in its middle, in MiB/s; every other walk has no limit. */
const SLOW = 24;

/** In turn a new data key, a new key around it, clear text, and encryption again. */
class Wishes {
  readonly #keys: readonly { provider: string; keyId: string }[];
  #turn = 0;
  now: FilterPropertyValues;

  constructor(keys: readonly { provider: string; keyId: string }[]) {
    this.#keys = keys;
    this.now = { ...this.#keyed(0), generation: 1, decrypt: false };
  }

  next(): FilterPropertyValues {
    const turn = this.#turn++;
    const generation = Number(this.now.generation);
    if (turn % 4 === 0) this.now = { ...this.now, generation: generation + 1 };
    if (turn % 4 === 1) this.now = { ...this.now, ...this.#keyed(Math.ceil(turn / 4)) };
    if (turn % 4 === 2) this.now = { ...this.now, decrypt: true };
    if (turn % 4 === 3) this.now = { ...this.now, decrypt: false };
    this.now = { ...this.now, walkMibPerSecond: Math.floor(turn / 4) % 2 === 0 ? SLOW : 0 };
    return this.now;
  }

  #keyed(index: number): FilterPropertyValues {
    const { provider, keyId } = this.#keys[index % this.#keys.length] ?? {
      provider: '',
      keyId: '',
    };
    return { keyProvider: provider, keyId };
  }
}

/** What the sidecar says of a walk. */
async function walkOf(directory: string) {
  const names = await readdir(directory, { recursive: true });
  const name = names.find((each) => each.endsWith('-encryption.vmfd'));
  if (name === undefined) return null;
  return decodeState(decodeSidecar(await readFile(path.join(directory, name)))).walk;
}
