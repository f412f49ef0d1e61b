// Suspend: what the filters remember goes into a file beside the VM, and the disks are given free.
// Resume: a world that finds the file opens its filters with it. It goes as soon as it was read,
// for it fits the disks only as they were then.
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import { errnoOf } from '../../datastore/errno.ts';
import { syncDirectory, writeFileDurably } from '../../datastore/write-file.ts';
import {
  decodeFilterStates,
  encodeFilterStates,
  handoverStateSchema,
} from '../../migration/handover-state.ts';
import type { StatesByDisk } from '../world-disks.ts';
import type { ChangeParts } from './change-parts.ts';
import type { OperationOf, OperationResult } from './operation.ts';
import { makeChange } from './standstill.ts';

const stateFileSchema = z.object({
  format: z.literal(1),
  filterStates: handoverStateSchema.shape.filterStates,
});

/** Afterwards no disk is open any more, and the process should end. */
export async function suspend(
  parts: ChangeParts,
  { statePath }: OperationOf<'suspend'>,
): Promise<OperationResult> {
  const { disks, server } = parts;
  const pause = await makeChange(parts, {
    kind: 'suspend',
    disks: disks.list,
    atStandstill: async () => {
      await server.repliesSent();
      const states = new Map(disks.list.map((disk) => [disk.diskKey, disk.saveStates()]));
      const contents = { format: 1, filterStates: encodeFilterStates(states) };
      await writeFileDurably(statePath, `${JSON.stringify(contents)}\n`).catch((cause: unknown) => {
        const fault = errnoOf(cause) === 'ENOSPC' ? 'NoDiskSpace' : 'FileFault';
        throw new Fault(fault, `The state ${statePath} cannot be written: ${errnoOf(cause)}.`);
      });
    },
    changeOver: () => server.close(),
    takeBack: () => rm(statePath, { force: true }),
  });
  return { ...pause, copiedBytes: 0 };
}

/** Opens with the states of a suspended VM, if there are any. Throws `FileFault`. */
export async function resumeFrom(
  statePath: string,
  open: (states: StatesByDisk) => Promise<void>,
): Promise<void> {
  const states = await readStates(statePath);
  await open(states ?? new Map());
  if (states === null) return;
  await rm(statePath, { force: true });
  await syncDirectory(dirname(statePath));
}

async function readStates(statePath: string): Promise<StatesByDisk | null> {
  const text = await readFile(statePath, 'utf8').catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return null;
    const message = `The state ${statePath} cannot be read: ${errnoOf(cause)}.`;
    throw new Fault('FileFault', message, { cause });
  });
  if (text === null) return null;
  try {
    return decodeFilterStates(stateFileSchema.parse(JSON.parse(text)).filterStates);
  } catch (cause) {
    const message = `The state ${statePath} is malformed; power off gives it up.`;
    throw new Fault('FileFault', message, { cause });
  }
}
