// Failing over a replicated virtual machine, and what is decided about it afterwards.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { recoverVmSchema } from './replication.ts';

/** `move`: the source is powered off first and nothing is lost; it has no other moment. */
export const failOverVmSchema = recoverVmSchema.extend({ kind: z.enum(['failover', 'move']) });
export type FailOverVm = z.infer<typeof failOverVmSchema>;

export const undoFailoverSchema = z.object({
  /** Power on the VM that had been replaced. */
  powerOn: z.boolean().default(false),
});

export const commitFailoverSchema = z.object({
  /** Else the VM that was replaced stays, powered off. */
  deleteSource: z.boolean(),
  /**
   * The recovered VM gets the storage policies of the source's disks, and is replicated to this
   * target from then on; null: it is not protected by this.
   */
  protectTargetId: objectIdSchema.nullable().default(null),
});
