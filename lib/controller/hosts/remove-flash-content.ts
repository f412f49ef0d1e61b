// Remove from virtual flash resource: takes one thing off a host's by hand. Whose it is only the
// host knows, so that the task asks it before it has it removed.
import type { z } from 'zod';
import { judgeConfigureHost } from '../../rules/host-state.ts';
import { flashContentIdSchema } from '../../wire/agent/flash-rpc.ts';
import { defineOperation } from '../tasks/operation.ts';
import { hostInputSchema } from './enter-maintenance.ts';
import { findHostFacts } from './host-store.ts';

const removeFlashContentInputSchema = hostInputSchema.extend({ contentId: flashContentIdSchema });
export type RemoveFlashContentInput = z.infer<typeof removeFlashContentInputSchema>;

export const removeFlashContent = defineOperation({
  key: 'host.VFlashManager.removeVFlashContent',
  label: 'Remove from virtual flash resource',
  input: removeFlashContentInputSchema,
  cancelable: false,
  async observe(tx, { hostId }) {
    const host = await findHostFacts(tx, hostId);
    return { target: host, host };
  },
  privileges: (_, { hostId }) => [{ privilege: 'Host.Config.Storage', objectId: hostId }],
  judge: ({ host }) => judgeConfigureHost(host),
});
