// The call that makes a VM of disk images: the host fetches each by a link, converts it into a disk
// of its own, and the VM is there when all of them are whole.
import { z } from 'zod';
import { DISK_BYTES_MAX, DISKS_PER_VM_MAX } from '../../model/limits.ts';
import { keyed, vmRunSpecSchema } from './host-rpc.ts';
import { defineRpc } from './rpc.ts';

export const imageFormatSchema = z.enum(['raw', 'vmdk', 'qcow2']);

export const imageSourceSchema = z.object({
  /** The disk that it becomes. */
  diskKey: z.number().int(),
  url: z.url(),
  sizeBytes: z.number().int().positive().max(DISK_BYTES_MAX),
  /** Hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  format: imageFormatSchema,
});
export type ImageSource = z.infer<typeof imageSourceSchema>;

/**
 * Disks without a source begin empty. An existing VM with the same instance UUID is left as it is.
 * Cancelled or failed it leaves nothing.
 */
export const importVm = defineRpc({
  name: 'importVm',
  input: keyed.extend({
    vm: vmRunSpecSchema,
    sources: z.array(imageSourceSchema).max(DISKS_PER_VM_MAX),
  }),
  output: z.object({ warnings: z.array(z.string()) }),
  timeoutMs: 12 * 3_600_000,
});
