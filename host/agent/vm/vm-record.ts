// What a host remembers of each VM, in a file of its own: enough to start it again without the
// controller.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import { diskFilterSchema } from '#lib/model/filter.ts';
import { powerStateSchema } from '#lib/model/inventory.ts';
import { vmTroubleSchema } from '#lib/model/vm-trouble.ts';
import { type VmRunSpec, vmRunSpecSchema } from '#lib/wire/agent/host-rpc.ts';
import { processIdentitySchema } from '../../datastore/process-identity.ts';
import { StateFile } from '../store/state-file.ts';
import { intentSchema } from './vm-intent.ts';

const vmRecordSchema = z.object({
  spec: vmRunSpecSchema,
  /** What the VM should be; a crash or a restart of the host does not change it. */
  desired: powerStateSchema,
  /** `incoming` while a place is kept for a VM that still runs on another host. */
  place: z.enum(['here', 'incoming']),
  /** The world's process, so that a later agent can tell a hung one from a dead one. */
  process: processIdentitySchema.nullable(),
  /** Control socket of the world to which this one is being handed over. */
  handingOverTo: z.string().nullable(),
  /** A change of filters that the world may or may not have made when the agent died. */
  pendingFilters: z
    .object({ diskKey: z.number().int(), filters: z.array(diskFilterSchema) })
    .nullable(),
  /** Why it is not started again although it should be on; null while it is. */
  gaveUp: z.string().nullable().default(null),
  gaveUpTrouble: vmTroubleSchema.nullable().default(null),
  /** An operation on its files that may or may not have happened when the agent died. */
  intent: intentSchema.nullable().default(null),
  /** The last operation on its files that has happened, for a controller that asks again. */
  lastOperation: z.object({ operationKey: z.string(), answer: z.json() }).nullable().default(null),
});
export type VmRecord = z.infer<typeof vmRecordSchema>;
export type VmRecordFile = StateFile<typeof vmRecordSchema>;

export function newVmRecord(spec: VmRunSpec, place: VmRecord['place']): VmRecord {
  return {
    spec,
    desired: 'poweredOff',
    place,
    process: null,
    handingOverTo: null,
    pendingFilters: null,
    gaveUp: null,
    gaveUpTrouble: null,
    intent: null,
    lastOperation: null,
  };
}

/** All records of the directory. */
export async function openVmRecords(directory: string): Promise<VmRecordFile[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json'));
  return Promise.all(
    names.map((name) =>
      StateFile.open(join(directory, name), vmRecordSchema, () => {
        throw new Fault('FileNotFound', `The record ${name} went away.`);
      }),
    ),
  );
}

export function createVmRecord(directory: string, record: VmRecord): Promise<VmRecordFile> {
  return StateFile.open(join(directory, `${record.spec.vmId}.json`), vmRecordSchema, () => record);
}

/** The spec with other filters on one disk. */
export function specWithFilters(
  spec: VmRunSpec,
  diskKey: number,
  filters: VmRunSpec['disks'][number]['filters'],
): VmRunSpec {
  const disks = spec.disks.map((disk) => (disk.key === diskKey ? { ...disk, filters } : disk));
  return { ...spec, disks };
}
