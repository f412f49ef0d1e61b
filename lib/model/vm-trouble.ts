// What is wrong with a virtual machine just now, in a form that programs can act on. It is filled
// where it arises, on the host, and goes by itself when its cause does.
import { z } from 'zod';
import type { FaultRecord } from './fault.ts';

const message = z.string();

export const vmTroubleSchema = z.discriminatedUnion('kind', [
  /** Writes wait for room on that datastore; nothing is lost. */
  z.object({ kind: z.literal('noSpace'), datastoreId: z.string(), message }),
  /** A filter has brought it down, or keeps a disk from opening. */
  z.object({
    kind: z.literal('filter'),
    filterName: z.string(),
    /** IoFilterInfo.id as the host has it; null when it is not installed there. */
    filterId: z.string().nullable(),
    /** A hook's name, `open`, `callback`, …; null when it is not to be told. */
    operation: z.string().nullable(),
    message,
  }),
  /** Another host has, or may have, its disks. */
  z.object({ kind: z.literal('lockLost'), message }),
  /** A datastore, a device or a file below its disks does not do what it should. */
  z.object({ kind: z.literal('storage'), message }),
  /** A disk is encrypted and its key is not there. */
  z.object({
    kind: z.literal('keyMissing'),
    keyId: z.string(),
    providerId: z.string().nullable(),
    message,
  }),
  z.object({ kind: z.literal('other'), message }),
]);
export type VmTrouble = z.infer<typeof vmTroubleSchema>;

const STORAGE_FAULTS: ReadonlySet<string> = new Set([
  'FileFault',
  'FileNotFound',
  'InvalidDatastore',
  'InvalidDiskFormat',
]);

/**
 * What the fault that ended a virtual machine, or keeps it from starting, means for it.
 * `filterIdOf` gives the id of an installed filter by its name.
 */
export function troubleOf(
  { fault, message: text, data = {} }: FaultRecord,
  filterIdOf: (name: string) => string | null,
): VmTrouble {
  const { operation, keyId, providerId, datastoreId } = data;
  const [missing] = Array.isArray(data.filters) ? data.filters : [];
  const filter = data.filter ?? missing;
  if (typeof keyId === 'string') {
    const provider = typeof providerId === 'string' ? providerId : null;
    return { kind: 'keyMissing', keyId, providerId: provider, message: text };
  }
  if (typeof filter === 'string') {
    const how = typeof operation === 'string' ? operation : null;
    const filterId = filterIdOf(filter);
    return { kind: 'filter', filterName: filter, filterId, operation: how, message: text };
  }
  if (fault === 'NoDiskSpace' && typeof datastoreId === 'string') {
    return { kind: 'noSpace', datastoreId, message: text };
  }
  if (fault === 'FileLocked') return { kind: 'lockLost', message: text };
  const kind = STORAGE_FAULTS.has(fault) ? 'storage' : 'other';
  return { kind, message: text };
}
