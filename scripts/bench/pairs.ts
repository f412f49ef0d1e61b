// Our filters against others of the same kind, each pair alternating in one run: the cache against
// nbdkit's cache filter, both ways to write, qos, its limits out of reach, against its rate filter,
// and encryption against LUKS images as nbdkit and QEMU serve them.
import type { LaunchFilter } from '#host/world/launch.ts';
import { haveTools } from '#host/world/test-peers.ts';
import { WorldHarness } from '#host/world/world-harness.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import { KIB } from '#lib/model/limits.ts';
import { giveKeys, KEY, onOneHost, shippedFilter } from '#scripts/cache/kill-loop.ts';
import { type BenchOptions, CASES, FLASH_MIB, runCase } from './io.ts';
import { startLuks } from './luks.ts';
import { type BenchServer, makeRealtime, startNbdkit, startOurs } from './servers.ts';

const SMALL_BYTES = 4 * KIB;
const DEEP = 32;
/** More than the disk has, as nbdkit's filter takes as much as it needs. */
const BACK = { mode: 'writeBack', sizeMib: 1024, logMib: 4096, dirtyHigh: 90, dirtyLow: 80 };

interface Pair {
  title: string;
  peers(harness: WorldHarness): Promise<BenchServer[]>;
  ours: { name: string; properties: FilterPropertyValues };
}

const PAIRS: readonly Pair[] = [
  {
    title: 'write back',
    peers: nbdkitFilter('cache', 'cache=writeback', 'cache-on-read=true'),
    ours: { name: 'cache', properties: BACK },
  },
  {
    title: 'write through',
    peers: nbdkitFilter('cache', 'cache=writethrough', 'cache-on-read=true'),
    ours: { name: 'cache', properties: { sizeMib: 1024 } },
  },
  {
    title: 'limits out of reach',
    peers: nbdkitFilter('rate', 'rate=1000G'),
    ours: { name: 'qos', properties: { iopsLimit: 10_000_000, throughputLimit: 100_000 } },
  },
  {
    title: 'AES-256-XTS',
    peers: startLuks,
    ours: {
      name: 'encryption',
      properties: { keyProvider: KEY.provider, keyId: KEY.keyId },
    },
  },
];

type PairOptions = Pick<BenchOptions, 'seconds' | 'rounds' | 'realtime' | 'caseText' | 'print'> & {
  /** Only the pairs of this filter of ours; all when empty. */
  pair: string;
};

export async function benchPairs(options: PairOptions): Promise<void> {
  if (!haveTools('fio', 'nbdkit')) return;
  const pairs = PAIRS.filter(({ ours }) => options.pair === '' || ours.name === options.pair);
  for (const pair of pairs) await benchPair(pair, options);
}

async function benchPair({ title, peers, ours }: Pair, options: PairOptions): Promise<void> {
  const harness = await WorldHarness.create();
  const servers: BenchServer[] = [];
  options.print(`\n== ${title}`);
  try {
    onOneHost(harness, FLASH_MIB);
    giveKeys(harness);
    servers.push(...(await peers(harness)));
    const shipped = await shippedFilter(harness, ours.name);
    const launch: LaunchFilter = { ...shipped, properties: ours.properties };
    const server = await startOurs(harness, { name: ours.name, index: 0, filters: [launch] });
    servers.push({ ...server, smallOnly: false });
    servers.push(await startOurs(harness, { name: 'ours, no filter', index: 1, filters: [] }));
    if (options.realtime) for (const { pid } of servers) await makeRealtime(pid);
    const cases = CASES.filter(({ label }) => label.includes(options.caseText));
    for (const each of cases) {
      const isDeep = each.blockBytes === SMALL_BYTES && each.queueDepth === DEEP;
      await runCase({ ...each, target: isDeep ? 1.2 : 1 }, servers, harness, options);
    }
  } finally {
    for (const server of servers) await server.stop();
    await harness.dispose();
  }
}

function nbdkitFilter(filter: string, ...parameters: string[]): Pair['peers'] {
  return async (harness) => [await startNbdkit(harness, { filter, parameters })];
}
