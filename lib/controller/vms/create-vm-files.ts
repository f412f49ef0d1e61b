// Create virtual machine: makes the files of a VM whose row is there, and powers it on when asked
// to.
import { z } from 'zod';
import { objectIdSchema, ROOT_FOLDER_ID } from '../../model/inventory.ts';
import { verdictOf } from '../../model/verdict.ts';
import { createVm } from '../../wire/agent/host-rpc.ts';
import { defineOperation } from '../tasks/operation.ts';
import { findVm } from './vm-store.ts';

const createVmFilesInputSchema = z.object({
  vmId: objectIdSchema,
  contents: createVm.input.shape.contents,
  powerOn: z.boolean(),
});
export type CreateVmFilesInput = z.infer<typeof createVmFilesInputSchema>;

export const createVmFiles = defineOperation({
  key: 'Folder.createVm',
  label: 'Create virtual machine',
  input: createVmFilesInputSchema,
  cancelable: true,
  async observe(tx, { vmId }) {
    return { target: await findVm(tx, vmId) };
  },
  // There is no route to it yet but setting up the lab, which the product does itself.
  privileges: () => [{ privilege: 'Authorization.ModifyPermissions', objectId: ROOT_FOLDER_ID }],
  judge: () => verdictOf([]),
});
