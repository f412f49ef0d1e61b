// Suspend: what the filters remember goes into a file beside the VM, and the disks are given free.
// Resume: a world that finds the file opens its filters with it. It goes as soon as it was read,
// for it fits the disks only as they were then.
import { dirname } from 'node:path';
import { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import { errnoOf } from '../../datastore/errno.ts';
import { type SmallFiles, systemFiles } from '../../datastore/small-files.ts';
import { writeFileDurably } from '../../datastore/write-file.ts';
import {
  decodeFilterStates,
  encodeFilterStates,
  handoverStateSchema,
} from '../../migration/handover-state.ts';
import type { StatesByDisk } from '../world-disks.ts';
import type { ChangeParts } from './change-parts.ts';
import type { OperationOf, OperationResult } from './operation.ts';
import { makeChange } from './standstill.ts';

/** More than all filters of a VM remember, in bytes. */
const STATE_BYTES_MAX = 1024 * 1024 * 1024;

const stateFileSchema = z.object({
  format: z.literal(1),
  filterStates: handoverStateSchema.shape.filterStates,
});

/** Afterwards no disk is open any more, and the process should end. */
export async function suspend(
  parts: ChangeParts,
  { statePath }: OperationOf<'suspend'>,
): Promise<OperationResult> {
  const { disks, server, files } = parts;
  const pause = await makeChange(parts, {
    kind: 'suspend',
    disks: disks.list,
    atStandstill: async () => {
      await server.repliesSent();
      const states = new Map(disks.list.map((disk) => [disk.diskKey, disk.saveStates()]));
      const contents = { format: 1, filterStates: encodeFilterStates(states) };
      const text = `${JSON.stringify(contents)}\n`;
      await writeFileDurably(statePath, text, files).catch((cause: unknown) => {
        const fault = errnoOf(cause) === 'ENOSPC' ? 'NoDiskSpace' : 'FileFault';
        throw new Fault(fault, `The state ${statePath} cannot be written: ${errnoOf(cause)}.`);
      });
    },
    changeOver: () => server.close(),
    takeBack: () => removeState(statePath, files),
  });
  return { ...pause, copiedBytes: 0 };
}

/** Opens with the states of a suspended VM; with null when it was not. Throws `FileFault`. */
export async function resumeFrom(
  statePath: string,
  open: (states: StatesByDisk | null) => Promise<void>,
  files: SmallFiles = systemFiles,
): Promise<void> {
  const states = await readStates(statePath, files);
  await open(states);
  if (states === null) return;
  await removeState(statePath, files);
  await files.syncDirectory(dirname(statePath));
}

async function removeState(statePath: string, files: SmallFiles): Promise<void> {
  await files.remove(statePath).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

async function readStates(statePath: string, files: SmallFiles): Promise<StatesByDisk | null> {
  const bytes = await files.read(statePath, STATE_BYTES_MAX).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return null;
    const message = `The state ${statePath} cannot be read: ${errnoOf(cause)}.`;
    throw new Fault('FileFault', message, { cause });
  });
  if (bytes === null) return null;
  try {
    return decodeFilterStates(
      stateFileSchema.parse(JSON.parse(new TextDecoder().decode(bytes))).filterStates,
    );
  } catch (cause) {
    const message = `The state ${statePath} is malformed; power off gives it up.`;
    throw new Fault('FileFault', message, { cause });
  }
}
