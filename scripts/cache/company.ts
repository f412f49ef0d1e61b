// The chains in which the cache is killed: every other filter that ships stands beside it in one of
// them, in the order of their classes, and has something to do. With encryption above, the data key
// changes now and then, so that kills come in the middle of a walk that goes through the cache.
import { readFile } from 'node:fs/promises';
import type { LaunchFilter } from '#host/world/launch.ts';
import type { WorldHarness } from '#host/world/world-harness.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import { Failure, type Trial } from '#scripts/certify/lab/trial.ts';
import { ReplicationSite } from '#scripts/replication/replication-site.ts';
import { type Company, KEY, shippedFilter } from './kill-loop.ts';

export const COMPANIES = {
  /** Cache, copy and target have cipher text only. */
  sealed,
  /** Clear text in the cache: AllowCleartextFilters. */
  clear,
} as const;

/** Of the statistic `state` of the filter replication. */
const IN_SYNC = 2;
const SETTLE_MS = 120_000;
const POLL_MS = 25;
/** A new data key so often. */
const ROUNDS_PER_KEY = 3;
const LIMIT = { iopsLimit: 4000, burstSeconds: 0 };

function keyed(round: number): FilterPropertyValues {
  const generation = 1 + Math.floor(round / ROUNDS_PER_KEY);
  return { keyProvider: KEY.provider, keyId: KEY.keyId, generation };
}

async function clear(harness: WorldHarness): Promise<Company> {
  const entropy = await filter(harness, 'entropy');
  const delay = await filter(harness, 'delay', { writeMs: 1 });
  const encryption = await filter(harness, 'encryption');
  const error = await filter(harness, 'error');
  const qos = await filter(harness, 'qos', LIMIT);
  return {
    around: (cache, round) => {
      const properties = { ...keyed(round), AllowCleartextFilters: true };
      return [entropy, delay, cache, { ...encryption, properties }, error, qos];
    },
    keys: [],
    finish: (trial) => trial.stop(),
    stop: async () => undefined,
  };
}

async function sealed(harness: WorldHarness): Promise<Company> {
  const encryption = await filter(harness, 'encryption');
  const trace = await filter(harness, 'trace');
  const zeroDetect = await filter(harness, 'zero-detect');
  const qos = await filter(harness, 'qos', LIMIT);
  // Its own world has nothing to do here.
  const site = await ReplicationSite.start(harness, { disks: 0 });
  await site.killWorld();
  const replication = site.filterOf(0);
  return {
    around: (cache, round) => {
      const above = [{ ...encryption, properties: keyed(round) }, trace, zeroDetect];
      return [...above, replication, cache, qos];
    },
    keys: [site.key],
    finish: (trial) => compareCopy(site, trial),
    stop: () => site.stop(),
  };
}

/** The copy at the other site is the disk's file, which nothing encrypts once more. */
async function compareCopy(site: ReplicationSite, trial: Trial): Promise<void> {
  await copied(trial);
  await trial.stop();
  const copy = await site.readMoment((await site.replica()).durable);
  if (copy.equals(await readFile(trial.disk.flatPath))) return;
  throw new Failure('The copy at the other site is not what the disk is.');
}

async function copied({ world }: Trial): Promise<void> {
  for (let waitedMs = 0; waitedMs < SETTLE_MS; waitedMs += POLL_MS) {
    const { disks } = await world.client.sample();
    const found = disks[0]?.filters.find(({ name }) => name === 'replication')?.statistics;
    if (found?.state === IN_SYNC && found.lagBytes === 0) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Failure(`The copy does not become the disk within ${SETTLE_MS / 1000} s.`);
}

async function filter(
  harness: WorldHarness,
  name: string,
  properties: FilterPropertyValues = {},
): Promise<LaunchFilter> {
  return { ...(await shippedFilter(harness, name)), properties };
}
