// kill -9 of a replicating world, of its daemon and of the target, at random moments of random
// writes. Each time everything is started again, the copy must become the disk, and what the target
// had on the way must be moments of the disk.
import type { WorldHarness } from '#host/world/world-harness.ts';
import type { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { Fault } from '#lib/model/fault.ts';
import { DISK_BYTES, ReplicationSite, type SiteOptions } from './replication-site.ts';
import { StampedLoad } from './stamped-load.ts';

/** A kill comes after so many more writes at most, or so late. */
const WRITES_MAX = 600;
const SLOWEST_KILL_MS = 20_000;
const POLL_MS = 2;
/** Moments that are looked at after each kill. */
const MOMENTS = 2;

export type Victim = 'world' | 'daemon' | 'target';
export const VICTIMS: readonly Victim[] = ['world', 'daemon', 'target'];

export interface KillRoundsOptions extends SiteOptions {
  random: XorShift;
  /** One kill each, in this order. */
  victims: readonly Victim[];
  onRound?(round: number, victim: Victim): void;
}

export interface KillRoundsResult {
  kills: number;
  writes: number;
  /** Moments that were read and compared, and those that fell into a resync. */
  moments: number;
  noMoments: number;
}

/** Throws an Error at the first difference. */
export async function killRounds(
  harness: WorldHarness,
  { random, victims, onRound, ...options }: KillRoundsOptions,
): Promise<KillRoundsResult> {
  const site = await ReplicationSite.start(harness, options);
  const result: KillRoundsResult = { kills: 0, writes: 0, moments: 0, noMoments: 0 };
  try {
    const { launch } = site.world;
    const load = new StampedLoad({
      socketPath: launch.nbdSocketPath,
      exportName: launch.vm.disks[0]?.unit ?? '',
      ...{ bytes: DISK_BYTES, random },
    });
    await site.settled();
    for (const victim of victims) {
      result.kills += 1;
      onRound?.(result.kills, victim);
      const from = (await site.replica()).durable;
      await killUnder(site, load, victim, random);
      await site.settled();
      await compare(site, load, { from, random, result });
    }
    result.writes = load.answered;
  } finally {
    await site.stop();
  }
  return result;
}

/** Kills one of the three under load, starts it again, and has the load end. */
async function killUnder(
  site: ReplicationSite,
  load: StampedLoad,
  victim: Victim,
  random: XorShift,
): Promise<void> {
  let isOver = false;
  const running = load
    .run(() => isOver)
    .catch((thrown: unknown) => {
      // The guest's connection ends with its world, and with nothing else.
      if (victim !== 'world' || !isOver) throw thrown;
    });
  // Awaited below; a rejection before that is not lost.
  running.catch(() => undefined);
  const last = load.answered + random.next() * WRITES_MAX;
  for (let waited = 0; waited < SLOWEST_KILL_MS && load.answered < last; waited += POLL_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  if (victim === 'world') {
    isOver = true;
    await site.killWorld();
    await running;
    await site.startWorld();
    return;
  }
  if (victim === 'daemon') await site.killDaemon();
  else await site.killTarget();
  // The guest works on without it for a while.
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (victim === 'daemon') await site.startDaemon();
  else await site.startTarget();
  isOver = true;
  await running;
}

interface Comparison {
  /** The last record before the kill. */
  from: number;
  random: XorShift;
  result: KillRoundsResult;
}

async function compare(
  site: ReplicationSite,
  load: StampedLoad,
  { from, random, result }: Comparison,
): Promise<void> {
  const { durable } = await site.replica();
  const disk = await site.readDisk();
  const copy = await site.readMoment(durable);
  if (!copy.equals(disk)) throw new Error(`the copy differs from the disk: ${where(copy, disk)}`);
  for (let count = 0; count < MOMENTS; count++) {
    const sequence = from + Math.floor(random.next() * (durable - from));
    const image = await site.readMoment(sequence).catch((thrown: unknown) => {
      if (thrown instanceof Fault && thrown.message.includes('brought up to date')) return null;
      throw thrown;
    });
    if (image === null) {
      result.noMoments += 1;
      continue;
    }
    const wrong = load.whatIsWrong(image);
    if (wrong !== null) throw new Error(`record ${sequence} is no moment of the disk: ${wrong}`);
    result.moments += 1;
  }
  load.begin(disk);
}

function where(one: Buffer, other: Buffer): string {
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return `at byte ${at} of ${one.length} and ${other.length}`;
}
