// Beside each file on a virtual flash resource another one says in JSON whose it is, so that an
// administrator sees who takes the room.
import { z } from 'zod';

export const FLASH_SUFFIX = '.flash';
export const OWNER_SUFFIX = '.owner';

export const flashOwnerSchema = z.object({
  /** As the filter gave it: its name, a colon, the disk's id. */
  label: z.string().max(5000),
  /** Empty when the filter's daemon has made the file. */
  vmId: z.string().max(80),
  diskKey: z.number().int().nullable(),
  /** Name of the host whose file this is a mirror of; empty when it is of this host. */
  mirrorOf: z.string().max(200),
});
export type FlashOwner = z.infer<typeof flashOwnerSchema>;
