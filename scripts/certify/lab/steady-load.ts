// The same I/O again and again, for what is measured: 4 KiB on the same 4 MiB.
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { MIB } from '#lib/model/limits.ts';
import { Failure, type Trial } from './trial.ts';

export const STEADY_IO_BYTES = 4096;
export const STEADY_AREA_BYTES = 4 * MIB;

export interface SteadyLoad {
  ios: number;
  depth: number;
  /** Two writes for each read. */
  kind: 'read' | 'write' | 'mixed';
}

/** Throws Failure when an I/O fails. */
export async function steadyLoad(trial: Trial, { ios, depth, kind }: SteadyLoad): Promise<void> {
  const client = await trial.connect();
  const data = Buffer.alloc(STEADY_IO_BYTES, 'a line of text that a guest might write\n');
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < ios) {
      next += 1;
      const offset = (next * 7 * STEADY_IO_BYTES) % STEADY_AREA_BYTES;
      const reads = kind === 'read' || (kind === 'mixed' && next % 3 === 0);
      const request = reads
        ? { command: COMMANDS.read, offset, length: STEADY_IO_BYTES }
        : { command: COMMANDS.write, offset, data };
      const { error } = await trial.request(client, request);
      if (error !== 0) throw new Failure(`An I/O failed with error ${error}.`);
    }
  };
  await Promise.all(Array.from({ length: depth }, worker));
  trial.disconnect(client);
}
