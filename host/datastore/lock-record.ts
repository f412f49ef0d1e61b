// The contents of a lock file: who holds a virtual disk, as what process, and how far it has
// renewed its hold.
import { z } from 'zod';
import { processIdentitySchema } from './process-identity.ts';

const lockOwnerSchema = z.object({
  hostUuid: z.string().max(100),
  /** For the message to the admin. */
  hostName: z.string().max(255),
  vmId: z.string().max(100),
});
export type LockOwner = z.infer<typeof lockOwnerSchema>;

const lockRecordSchema = z.object({
  state: z.enum(['held', 'released']),
  owner: lockOwnerSchema,
  process: processIdentitySchema,
  /** Of one acquisition; tells one holder from the next in the same process. */
  nonce: z.string().max(64),
  /** By which it lives, on a VMFS datastore; without one it lives by its own renewals. */
  heartbeat: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  renewal: z.number().int().nonnegative(),
  /** Wall time in milliseconds, for people only: no decision rests on it. */
  acquiredAt: z.number(),
  renewedAt: z.number(),
});
export type LockRecord = z.infer<typeof lockRecordSchema>;

/** Null for anything that is not a whole record, such as the rest of a torn write. */
export function parseLockRecord(text: string): LockRecord | null {
  try {
    return lockRecordSchema.parse(JSON.parse(text));
  } catch {
    // Torn or foreign: the caller then knows no holder and has to wait the lock out.
    return null;
  }
}
