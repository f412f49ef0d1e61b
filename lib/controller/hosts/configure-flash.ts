// Configure virtual flash resource: adds, resizes or removes (0) a host's. What lies on it only the
// host knows, so the host judges the size, by the same rule that the console shows.
import { z } from 'zod';
import { FLASH_BYTES_MAX, MIB } from '../../model/limits.ts';
import { judgeConfigureHost } from '../../rules/host-state.ts';
import { defineOperation } from '../tasks/operation.ts';
import { hostInputSchema } from './enter-maintenance.ts';
import { findHostFacts } from './host-store.ts';

const configureFlashInputSchema = hostInputSchema.extend({
  capacityBytes: z.number().int().min(0).max(FLASH_BYTES_MAX).multipleOf(MIB),
});
export type ConfigureFlashInput = z.infer<typeof configureFlashInputSchema>;

export const configureFlash = defineOperation({
  key: 'host.VFlashManager.configureVFlashResource',
  label: 'Configure virtual flash resource',
  input: configureFlashInputSchema,
  cancelable: false,
  async observe(tx, { hostId }) {
    const host = await findHostFacts(tx, hostId);
    return { target: host, host };
  },
  privileges: (_, { hostId }) => [{ privilege: 'Host.Config.Storage', objectId: hostId }],
  judge: ({ host }) => judgeConfigureHost(host),
});
