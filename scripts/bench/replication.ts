// What replication costs a guest: writes on a disk without it, with it asynchronously, and
// synchronously, to a target on this machine, alternating in one run. The target's own work shares
// the machine's processors with them, so that what each process needs for a write is said as well;
// beside it stands what a file with an fdatasync after each write does.
import { readFile } from 'node:fs/promises';
import { haveTools, mustRun } from '#host/world/test-peers.ts';
import { WorldHarness } from '#host/world/world-harness.ts';
import { ReplicationSite } from '#scripts/replication/replication-site.ts';
import { bareFdatasync } from './bare-fdatasync.ts';
import { type FioCase, runFio } from './fio.ts';
import { type BenchOptions, CASES, median } from './io.ts';
import { BENCH_DISK_BYTES, fill, makeRealtime, startOurs } from './servers.ts';

/** Of the IOPS without replication, that are wanted asynchronously: at least so many. */
const WANTED = 0.85;
const MODES = ['asynchronous', 'synchronous'] as const;
const SEGMENT_MIB = 64;
/** Of the clock in which /proc counts processor time, in microseconds. */
const TICK_US = 10_000;

type ReplicationOptions = Pick<
  BenchOptions,
  'seconds' | 'rounds' | 'realtime' | 'caseText' | 'print'
>;

/** A disk that is measured, with the processes that work for its writes. */
interface Subject {
  name: string;
  uri: string;
  pids: { world: number; daemon?: number; target?: number };
  /** Nothing is left to be sent by the run before. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

interface Round {
  iops: number;
  p99Us: number;
  /** Processor time of each process for a write, in microseconds. */
  cpuUs: Record<string, number>;
}

export async function benchReplication(options: ReplicationOptions): Promise<void> {
  if (!haveTools('fio')) return;
  const harnesses: WorldHarness[] = [];
  const subjects: Subject[] = [];
  options.print('\n== replication to this machine');
  const another = async (): Promise<WorldHarness> => {
    const harness = await WorldHarness.create();
    harnesses.push(harness);
    return harness;
  };
  try {
    const plain = await another();
    subjects.push(await startPlain(plain));
    for (const mode of MODES) subjects.push(await startReplicated(await another(), mode));
    if (options.realtime) for (const { pids } of subjects) await makeRealtime(pids.world);
    const cases = CASES.filter(({ rw, label }) => {
      return rw.includes('write') && label.includes(options.caseText);
    });
    for (const each of cases) await measure(each, subjects, plain.directory, options);
  } finally {
    for (const subject of subjects) await subject.stop();
    for (const harness of harnesses) await harness.dispose();
  }
}

async function startPlain(harness: WorldHarness): Promise<Subject> {
  const { uri, pid, stop } = await startOurs(harness, {
    ...{ name: 'no replication', index: 0, filters: [] },
  });
  const settled = async (): Promise<void> => undefined;
  return { name: 'no replication', uri, pids: { world: pid }, settled, stop };
}

async function startReplicated(harness: WorldHarness, mode: string): Promise<Subject> {
  const site = await ReplicationSite.start(harness, {
    ...{ properties: { mode }, bytes: BENCH_DISK_BYTES, segmentMib: SEGMENT_MIB },
    prepare: ({ flatPath }) => fill(flatPath),
  });
  await site.settled();
  const { world } = site;
  const pids = { world: world.status.pid, ...site.pids };
  const settled = (): Promise<void> => site.settled();
  return { name: mode, uri: world.uri(), pids, settled, stop: () => site.stop() };
}

async function measure(
  each: FioCase,
  subjects: readonly Subject[],
  directory: string,
  { seconds, rounds, realtime, print }: ReplicationOptions,
): Promise<void> {
  const found = subjects.map((): Round[] => []);
  const bare: number[] = [];
  const place = { directory, bytes: BENCH_DISK_BYTES, seconds };
  for (let round = 0; round < rounds; round++) {
    bare.push(await bareFdatasync(each, place));
    for (const [index, subject] of subjects.entries()) {
      const { uri } = subject;
      // What the last run left to write back would be paid by the next one.
      await mustRun('sync', []);
      const before = await cpuOf(subject);
      const run = { directory, sizeBytes: BENCH_DISK_BYTES, seconds, realtime, uri };
      const { iops, p99Us } = await runFio(each, run);
      await subject.settled();
      const after = await cpuOf(subject);
      const writes = Math.max(1, iops * seconds);
      const cpuUs = Object.fromEntries(
        Object.entries(after).map(([name, us]) => [name, (us - (before[name] ?? 0)) / writes]),
      );
      found[index]?.push({ iops, p99Us, cpuUs });
    }
  }
  print(`\n${each.label}  (wanted: ${WANTED} of no replication asynchronously)`);
  const [peer = []] = found;
  for (const [index, { name }] of subjects.entries()) {
    const own = found[index] ?? [];
    const ratio = median(own.map(({ iops }, round) => iops / (peer[round]?.iops ?? iops)));
    const toBare = median(own.map(({ iops }, round) => iops / (bare[round] ?? iops)));
    print(`  ${lineOf(name, own)}   ${ratio.toFixed(2)}   of bare fdatasync ${toBare.toFixed(2)}`);
  }
  print(`  ${'bare fdatasync, one side'.padEnd(28)} ${count(median(bare))}`);
}

function lineOf(name: string, rounds: readonly Round[]): string {
  const iops = count(median(rounds.map((round) => round.iops)));
  const late = `p99 ${Math.round(median(rounds.map(({ p99Us }) => p99Us)))} µs`.padStart(14);
  const names = Object.keys(rounds[0]?.cpuUs ?? {});
  const cpu = names.map((process) => {
    const us = median(rounds.map(({ cpuUs }) => cpuUs[process] ?? 0));
    return `${process} ${us.toFixed(0)}`;
  });
  return `${name.padEnd(28)} ${iops} ${late}   CPU µs a write: ${cpu.join(', ')}`;
}

function count(iops: number): string {
  return `${Math.round(iops)} IOPS`.padStart(14);
}

/** Processor time of each process so far, in microseconds. */
async function cpuOf({ pids }: Subject): Promise<Record<string, number>> {
  const all: Record<string, number> = {};
  for (const [name, pid] of Object.entries(pids)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Fields 14 and 15, user and system; the name before them may have blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    all[name] = (Number(fields[11]) + Number(fields[12])) * TICK_US;
  }
  return all;
}
