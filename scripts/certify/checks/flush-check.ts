// Is what was flushed, or written with forced unit access, still there after kill -9? The drive
// below and the host's flash have volatile caches, so that a flush which never reached them shows.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_FLAGS, COMMANDS } from '#lib/formats/nbd/constants.ts';
import type { Check, CheckContext, Outcome } from '../check.ts';
import { startTrial } from '../check.ts';
import { COUNT_ONLY, CRASH_AT, JOURNAL } from '../crash/crash-points.ts';
import { SYNC_ENDED } from '../crash/volatile-flash.ts';
import { DiskLoad } from '../lab/disk-load.ts';
import { SECTOR_BYTES } from '../lab/sector-pattern.ts';
import { Failure, type Trial } from '../lab/trial.ts';

const TIMES = 24;
const ROUNDS = 3;
const BLOCK_SECTORS = 8;

type Way = 'flush' | 'fua';

export const flushCheck: Check = {
  id: 'flush',
  title: 'Flush and forced unit access, over kill -9',
  async run(context: CheckContext): Promise<Outcome> {
    for (const way of ['flush', 'fua'] as const) await tryWay(context, way);
    const flushed = await mixed(context);
    return { numbers: { flushes: TIMES, forcedWrites: TIMES, operationsBeforeKill: flushed } };
  },
};

async function tryWay(context: CheckContext, way: Way): Promise<void> {
  const journal = path.join(context.harness.directory, `flush-check-${way}`);
  await writeFile(journal, '');
  const { current } = context.instrumented;
  const counting = { [CRASH_AT]: COUNT_ONLY, [JOURNAL]: journal };
  const properties = { ...current.properties, ...counting };
  const trial = await startTrial(context, { launch: { ...current, properties } });
  const { model, verify } = loadOf(trial, context);
  const client = await trial.connect();
  const before = await countsOf(trial, journal);
  for (let time = 0; time < TIMES; time++) {
    const first = time * 2 * BLOCK_SECTORS;
    const change = model.begin('write', { first, end: first + BLOCK_SECTORS }, way === 'fua');
    const flags = way === 'fua' ? COMMAND_FLAGS.fua : 0;
    const offset = first * SECTOR_BYTES;
    const data = model.dataOf(change);
    const request = { command: COMMANDS.write, offset, data, flags };
    requireDone((await trial.request(client, request)).error, 'write');
    model.end(change);
    if (way === 'fua') continue;
    const flush = model.beginFlush();
    requireDone((await trial.request(client, { command: COMMANDS.flush })).error, 'flush');
    model.flushed(flush);
  }
  requireArrived(before, await countsOf(trial, journal), way);
  await trial.requireNoFaults();
  await trial.crash();
  const what = way === 'fua' ? 'written with FUA' : 'flushed';
  await verify(`After kill -9, a read of what had been ${what}`);
  await trial.stop();
}

/** What the storage was told, and the host's flash. */
async function countsOf(trial: Trial, journal: string): Promise<Record<string, number>> {
  const points = (await readFile(journal, 'utf8')).split('\n');
  const synced = points.filter((point) => point === SYNC_ENDED).length;
  return { ...(await trial.probeCounts()), synced };
}

/** Each time something had been written, so that each time somebody must have been told. */
function requireArrived(
  before: Record<string, number>,
  after: Record<string, number>,
  way: Way,
): void {
  const grown = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
  const arrived = grown('flushes') + grown('forced') + grown('synced');
  if (arrived >= TIMES) return;
  const what = way === 'fua' ? 'writes with FUA' : 'flushes';
  throw new Failure(
    `Of ${TIMES} ${what} ${TIMES - arrived} were answered without a flush of the storage, ` +
      'though there was something to flush.',
  );
}

/** All kinds of I/O at once, a flush when they have ended, and the end of the process. */
async function mixed(context: CheckContext): Promise<number> {
  const trial = await startTrial(context, { launch: context.instrumented.current });
  const load = new DiskLoad(trial, context.random);
  for (let round = 0; round < ROUNDS; round++) {
    await load.run({ operations: context.effort.operations / 10, depth: 16 });
    await load.flush();
    await trial.kill();
    load.model.crash();
    await trial.reopen();
    await load.verify('After a flush and kill -9, a read');
  }
  await trial.requireNoFaults();
  await trial.stop();
  return load.answered;
}

function loadOf(trial: Trial, { random }: CheckContext) {
  const load = new DiskLoad(trial, random);
  const verify = (what: string): Promise<void> => {
    load.model.crash();
    return load.verify(what);
  };
  return { model: load.model, verify };
}

function requireDone(error: number, operation: string): void {
  if (error !== 0) throw new Failure(`A ${operation} failed with error ${error}.`);
}
