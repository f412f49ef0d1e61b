// Trim and write zeroes: do they reach the storage, and does what is read afterwards stay the same?
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { KIB } from '#lib/model/limits.ts';
import type { Check, CheckContext, Outcome } from '../check.ts';
import { startTrial } from '../check.ts';
import { DiskLoad } from '../lab/disk-load.ts';
import { SECTOR_BYTES } from '../lab/sector-pattern.ts';
import { Failure, type Trial } from '../lab/trial.ts';

const PIECE_BYTES = 256 * KIB;
const PIECES = 8;
/** A filter may keep the ends of a range to itself, when its own blocks are larger. */
const SHARE_MIN = 0.5;

export const trimCheck: Check = {
  id: 'trim',
  title: 'Trim and write zeroes',
  async run(context: CheckContext): Promise<Outcome> {
    const trimmed = await tryOne(context, 'trim');
    const zeroed = await tryOne(context, 'zero');
    return { numbers: { trimmedBytesPassed: trimmed, zeroedBytesPassed: zeroed } };
  },
};

/** Writes, reads, takes away, reads, and reads again after power off and on. */
async function tryOne(context: CheckContext, kind: 'trim' | 'zero'): Promise<number> {
  const trial = await startTrial(context);
  const load = new DiskLoad(trial, context.random);
  for (let piece = 0; piece < PIECES; piece++) await change(trial, load, 'write', piece);
  await load.flush();
  await load.verify('A read before');
  const before = await trial.probeCounts();
  for (let piece = 0; piece < PIECES; piece++) await change(trial, load, kind, piece);
  const word = kind === 'trim' ? 'a trim' : 'write zeroes';
  await load.verify(`A read after ${word}`);
  const after = await trial.probeCounts();
  const passed = ['trimmed', 'zeroed'].reduce(
    (sum, name) => sum + (after[name] ?? 0) - (before[name] ?? 0),
    0,
  );
  if (kind === 'trim' && passed < SHARE_MIN * PIECES * PIECE_BYTES) {
    const asked = `${PIECES * PIECE_BYTES} bytes were trimmed, and ${passed} of them`;
    throw new Failure(`Trims do not reach the storage: ${asked} below the filter.`);
  }
  await load.flush();
  await trial.restart();
  await load.verify(`After ${word}, power off and on, a read`);
  await trial.requireNoFaults();
  await trial.stop();
  return passed;
}

async function change(
  trial: Trial,
  load: DiskLoad,
  kind: 'write' | 'trim' | 'zero',
  piece: number,
): Promise<void> {
  const client = await trial.connect();
  const sectors = PIECE_BYTES / SECTOR_BYTES;
  const first = piece * sectors;
  const begun = load.model.begin(kind, { first, end: first + sectors });
  const where = { offset: piece * PIECE_BYTES, length: PIECE_BYTES };
  const requests = {
    write: { command: COMMANDS.write, ...where, data: load.model.dataOf(begun) },
    trim: { command: COMMANDS.trim, ...where },
    zero: { command: COMMANDS.writeZeroes, ...where },
  };
  const { error } = await trial.request(client, requests[kind]);
  client.close();
  load.model.end(begun, error !== 0);
  if (error !== 0) throw new Failure(`A ${kind} failed with error ${error}.`);
}
