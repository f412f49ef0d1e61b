// The storage fails now and then: is the guest told, are the data right all the same, and does the
// disk go on when the storage works again?
import { COMMAND_FLAGS, COMMANDS } from '#lib/formats/nbd/constants.ts';
import type { Check, CheckContext, Outcome } from '../check.ts';
import { startTrial } from '../check.ts';
import { DiskLoad } from '../lab/disk-load.ts';
import { Failure, type Trial } from '../lab/trial.ts';

const DEPTH = 16;
const FAILING = ['write', 'read', 'flush', 'trim', 'writeZeroes', 'any'] as const;
const PERCENT = 25;

export const errorCheck: Check = {
  id: 'errors',
  title: 'Errors of the storage',
  async run(context: CheckContext): Promise<Outcome> {
    const trial = await startTrial(context);
    const load = new DiskLoad(trial, context.random);
    const operations = Math.ceil(context.effort.operations / 12);
    await load.run({ operations, depth: DEPTH });
    let failedBelow = 0;
    for (const error of ['EIO', 'ENOSPC'])
      for (const failing of FAILING) {
        await trial.setProbe({ failing, error, percent: PERCENT });
        await load.run({ operations, depth: DEPTH, errorsExpected: true });
        failedBelow = (await trial.probeCounts()).failed ?? 0;
        await trial.setProbe({});
        const what = `While a ${failing} of the storage had failed with ${error}, a read`;
        await load.verify(failing === 'any' ? 'After errors of all kinds, a read' : what);
        await trial.requireNoFaults();
      }
    await hiddenErrors(trial);
    await load.flush();
    await trial.kill();
    load.model.crash();
    await trial.reopen();
    await load.verify('After errors, a flush and kill -9, a read');
    await trial.stop();
    return { numbers: { operations: load.answered, failedBelow, failedForGuest: load.errors } };
  },
};

/** Every write and flush of the storage fails: nothing can have become durable. */
async function hiddenErrors(trial: Trial): Promise<void> {
  const client = await trial.connect();
  const data = Buffer.alloc(4096, 0x5a);
  const { fua } = COMMAND_FLAGS;
  // At the end of the disk; what was there is written again at the end.
  const offset = trial.sizeBytes - data.length;
  const kept = await trial.request(client, { command: COMMANDS.read, offset, length: 4096 });
  await trial.setProbe({ failing: 'any', error: 'EIO', percent: 100 });
  const forced = await trial.request(client, { command: COMMANDS.write, offset, data, flags: fua });
  if (forced.error === 0) {
    throw new Failure('A write with FUA was answered well though the storage failed everything.');
  }
  const flush = await trial.request(client, { command: COMMANDS.flush });
  if (flush.error === 0) {
    throw new Failure('A flush was answered well though the storage failed it.');
  }
  await trial.setProbe({});
  const { error } = await trial.request(client, {
    command: COMMANDS.write,
    offset,
    data: kept.data,
  });
  if (error !== 0) throw new Failure(`A write failed with error ${error} after errors were over.`);
}
