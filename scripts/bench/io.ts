// The bench of the I/O path: every case is run against every server in turn, round by round, so
// that whatever else the machine does meets all of them alike. What counts is the ratio to nbdkit
// within the round.

import { haveTools, mustRun } from '#host/world/test-peers.ts';
import { WorldHarness } from '#host/world/world-harness.ts';
import { KIB, MIB } from '#lib/model/limits.ts';
import { giveKeys, onOneHost } from '#scripts/cache/kill-loop.ts';
import { chainNanoseconds } from './chain-cost.ts';
import { type FioCase, runFio } from './fio.ts';
import {
  BENCH_DISK_BYTES,
  type BenchServer,
  benchFilters,
  makeRealtime,
  passThroughFilters,
  residentMib,
  startNbdkit,
  startOurs,
} from './servers.ts';

export const CASES: readonly (FioCase & { target: number })[] = [
  { label: '4k randread  QD1', rw: 'randread', blockBytes: 4 * KIB, queueDepth: 1, target: 1 },
  { label: '4k randwrite QD1', rw: 'randwrite', blockBytes: 4 * KIB, queueDepth: 1, target: 1 },
  { label: '4k randread  QD32', rw: 'randread', blockBytes: 4 * KIB, queueDepth: 32, target: 1.3 },
  { label: '4k randwrite QD32', rw: 'randwrite', blockBytes: 4 * KIB, queueDepth: 32, target: 1.3 },
  { label: '4k 70/30 mix QD32', rw: 'randrw', blockBytes: 4 * KIB, queueDepth: 32, target: 1.3 },
  { label: '128k read  QD8', rw: 'read', blockBytes: 128 * KIB, queueDepth: 8, target: 0.9 },
  { label: '128k write QD8', rw: 'write', blockBytes: 128 * KIB, queueDepth: 8, target: 0.9 },
  { label: '1M read    QD8', rw: 'read', blockBytes: MIB, queueDepth: 8, target: 0.9 },
  { label: '1M write   QD8', rw: 'write', blockBytes: MIB, queueDepth: 8, target: 0.9 },
];
/** The host's virtual flash resource: more than the cache takes. */
export const FLASH_MIB = 8192;
const SMALL_BYTES = 4 * KIB;

export interface BenchOptions {
  seconds: number;
  rounds: number;
  realtime: boolean;
  /** Modules of filters to measure; none for the shipped ones. */
  filterFiles: readonly string[];
  /** Only nbdkit and a world without filters. */
  bare: boolean;
  /** Only the cases whose label has this text. */
  caseText: string;
  print(line: string): void;
}

export async function benchIo(options: BenchOptions): Promise<void> {
  const { print } = options;
  if (!haveTools('fio', 'nbdkit')) return;
  const harness = await WorldHarness.create();
  const servers: BenchServer[] = [];
  try {
    const [none, three] = [chainNanoseconds(0), chainNanoseconds(3)];
    print(`chain alone: ${none.toFixed(0)} ns for each I/O, ${three.toFixed(0)} ns with 3 filters`);
    print('starting servers');
    onOneHost(harness, FLASH_MIB);
    giveKeys(harness);
    await startAll(harness, options, servers);
    const idle = await Promise.all(servers.map(({ pid }) => residentMib(pid)));
    const cases = CASES.filter(({ label }) => label.includes(options.caseText));
    for (const each of cases) await runCase(each, servers, harness, options);
    print('\nresident memory, MiB: idle → after the bench');
    for (const [index, { name, pid }] of servers.entries()) {
      print(`  ${name.padEnd(28)} ${idle[index]} → ${await residentMib(pid)}`);
    }
  } finally {
    for (const server of servers) await server.stop();
    await harness.dispose();
  }
}

async function startAll(
  harness: WorldHarness,
  { realtime, filterFiles, bare }: BenchOptions,
  servers: BenchServer[],
): Promise<void> {
  servers.push(await startNbdkit(harness));
  servers.push(await startOurs(harness, { name: 'ours', index: 0, filters: [] }));
  if (!bare) await startFiltered(harness, filterFiles, servers);
  if (!realtime) return;
  for (const { pid } of servers) await makeRealtime(pid);
}

async function startFiltered(
  harness: WorldHarness,
  filterFiles: readonly string[],
  servers: BenchServer[],
): Promise<void> {
  const passing = await passThroughFilters(harness);
  servers.push(await startOurs(harness, { name: 'ours, 3 passing', index: 1, filters: passing }));
  for (const [index, filter] of (await benchFilters(harness, filterFiles)).entries()) {
    const name = `ours, ${filter.name}`;
    servers.push(await startOurs(harness, { name, index: index + 2, filters: [filter] }));
  }
}

export async function runCase(
  each: (typeof CASES)[number],
  servers: readonly BenchServer[],
  harness: WorldHarness,
  {
    seconds,
    rounds,
    realtime,
    print,
  }: Pick<BenchOptions, 'seconds' | 'rounds' | 'realtime' | 'print'>,
): Promise<void> {
  const taking = servers.filter(({ smallOnly }) => !smallOnly || each.blockBytes === SMALL_BYTES);
  const iops = taking.map((): number[] => []);
  const p99 = taking.map((): number[] => []);
  const run = { directory: harness.directory, sizeBytes: BENCH_DISK_BYTES, seconds, realtime };
  for (let round = 0; round < rounds; round++) {
    for (const [index, { uri }] of taking.entries()) {
      // What the last run left to write back would be paid by the next one.
      if (each.rw !== 'read' && each.rw !== 'randread') await mustRun('sync', []);
      const result = await runFio(each, { ...run, uri });
      iops[index]?.push(result.iops);
      p99[index]?.push(result.p99Us);
    }
  }
  print(`\n${each.label}  (wanted: ${each.target} of ${servers[0]?.name ?? 'the first'})`);
  const [peer] = iops;
  for (const [index, { name }] of taking.entries()) {
    const own = iops[index] ?? [];
    const ratio = median(own.map((value, round) => value / (peer?.[round] ?? value)));
    const mean = `${Math.round(median(own))} IOPS`.padStart(14);
    const late = `p99 ${Math.round(median(p99[index] ?? []))} µs`.padStart(14);
    print(`  ${name.padEnd(28)} ${mean} ${late}   ${ratio.toFixed(2)}`);
  }
}

/** The middle one, or the mean of both. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? 0)) / 2 : upper;
}
