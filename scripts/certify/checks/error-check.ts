// The storage fails now and then: is the guest told, are the data right all the same, and does the
// disk go on when the storage works again?
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_FLAGS, COMMANDS } from '#lib/formats/nbd/constants.ts';
import type { Check, CheckContext, Outcome } from '../check.ts';
import { startTrial } from '../check.ts';
import { DiskLoad } from '../lab/disk-load.ts';
import { SECTOR_BYTES } from '../lab/sector-pattern.ts';
import { NO_ORDERS, type ProbeOrders } from '../lab/storage-probe.ts';
import { Failure, type Trial } from '../lab/trial.ts';

const DEPTH = 16;
const FAILING = ['write', 'read', 'flush', 'trim', 'writeZeroes', 'any'] as const;
const PERCENT = 25;
const SECTORS = 8;

export const errorCheck: Check = {
  id: 'errors',
  title: 'Errors of the storage',
  async run(context: CheckContext): Promise<Outcome> {
    const drive = new Drive(path.join(context.harness.directory, 'error-check.json'));
    await drive.order(NO_ORDERS);
    const launch = context.instrumented.current;
    const trial = await startTrial(context, { launch, orders: drive.file });
    const load = new DiskLoad(trial, context.random);
    const operations = Math.ceil(context.effort.operations / 12);
    await load.run({ operations, depth: DEPTH });
    let failedBelow = 0;
    for (const error of ['EIO', 'ENOSPC'] as const)
      for (const failing of FAILING) {
        await drive.order({ failing, error, percent: PERCENT });
        await load.run({ operations, depth: DEPTH, errorsExpected: true });
        failedBelow = (await trial.probeCounts()).failed ?? 0;
        await drive.order(NO_ORDERS);
        const what = `While a ${failing} of the storage had failed with ${error}, a read`;
        await load.verify(failing === 'any' ? 'After errors of all kinds, a read' : what);
        await trial.requireNoFaults();
      }
    await hiddenErrors(trial, load, drive);
    await load.flush();
    await trial.kill();
    load.model.crash();
    await trial.reopen();
    await load.verify('After errors, a flush and kill -9, a read');
    await trial.stop();
    return { numbers: { operations: load.answered, failedBelow, failedForGuest: load.errors } };
  },
};

/**
 * The storage fails everything. Who answers well all the same has made it durable elsewhere, and
 * after kill -9 it is there.
 */
async function hiddenErrors(trial: Trial, load: DiskLoad, drive: Drive): Promise<void> {
  const { model } = load;
  const { write, flush } = COMMANDS;
  const client = await trial.connect();
  const begin = (place: number, forced: boolean) => {
    const range = { first: place * SECTORS, end: (place + 1) * SECTORS };
    const change = model.begin('write', range, forced);
    const flags = forced ? COMMAND_FLAGS.fua : 0;
    const offset = range.first * SECTOR_BYTES;
    return { change, request: { command: write, offset, flags, data: model.dataOf(change) } };
  };
  await drive.order({ failing: 'any', error: 'EIO', percent: 100 });
  const forced = begin(0, true);
  const forcedError = (await trial.request(client, forced.request)).error;
  model.end(forced.change, forcedError !== 0);
  const plain = begin(1, false);
  model.end(plain.change, (await trial.request(client, plain.request)).error !== 0);
  const before = model.beginFlush();
  const flushError = (await trial.request(client, { command: flush })).error;
  if (flushError === 0) model.flushed(before);
  await drive.order(NO_ORDERS);
  const after = begin(2, false);
  const { error } = await trial.request(client, after.request);
  if (error !== 0) throw new Failure(`A write failed with error ${error} after errors were over.`);
  model.end(after.change);
  if (forcedError !== 0 && flushError !== 0) return;
  await trial.kill();
  model.crash();
  await trial.reopen();
  const which = flushError === 0 ? 'flush' : 'write with FUA';
  const what = `A ${which} was answered well though the storage failed everything`;
  await load.verify(`${what}; after kill -9, a read`);
}

/** Tells the drive below how to fail. */
class Drive {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** For all I/O that reaches it from now on. */
  async order(orders: ProbeOrders): Promise<void> {
    await writeFile(`${this.file}.new`, JSON.stringify(orders));
    await rename(`${this.file}.new`, this.file);
  }
}
