// The virtual flash resource of a host as the API shows it, and the routes about it.
import { z } from 'zod';
import { FLASH_BYTES_MAX, MIB } from '../../model/limits.ts';
import { verdictSchema } from '../../model/task.ts';
import { flashContentSchema, flashResourceSchema } from '../agent/flash-rpc.ts';
import { taskStartedSchema } from './tasks.ts';

const named = z.object({ id: z.string(), name: z.string() });

const flashViewSchema = flashResourceSchema.extend({
  host: named,
  /** `unknown`: the host cannot be asked; `message` says why. */
  state: z.enum(['none', 'ok', 'failed', 'unknown']),
  contents: z.array(
    flashContentSchema.omit({ vmId: true, diskKey: true }).extend({
      /** Null when no virtual machine of the inventory has the disk. */
      vm: named.nullable(),
      diskLabel: z.string().nullable(),
      policy: named.nullable(),
      /** Not on the disk yet, and the age of the oldest; null when nobody counts it. */
      dirtyBytes: z.number().nullable(),
      dirtySeconds: z.number().nullable(),
    }),
  ),
  actions: z.object({ configure: verdictSchema }),
});
export type FlashView = z.infer<typeof flashViewSchema>;

export const FLASH_ROUTES = {
  readHostFlash: { method: 'GET', path: '/hosts/{id}/flash', answer: flashViewSchema },
  readClusterFlash: {
    method: 'GET',
    path: '/clusters/{id}/flash',
    answer: z.object({ hosts: z.array(flashViewSchema) }),
  },
  configureFlash: {
    method: 'PUT',
    path: '/hosts/{id}/flash',
    /** 0 removes it. */
    body: z.object({ capacityBytes: z.number().int().min(0).max(FLASH_BYTES_MAX).multipleOf(MIB) }),
    answer: taskStartedSchema,
  },
  /** What no virtual machine of the inventory needs there, such as a mirror that was left. */
  removeFlashContent: {
    method: 'DELETE',
    path: '/hosts/{id}/flash/contents/{contentId}',
    answer: taskStartedSchema,
  },
} as const;
