// Calls of hosts that bring the keys with them: before each call that names a VM whose disks are
// encrypted, the host is given the keys of those disks, so that it can open them.
import { z } from 'zod';
import { type DiskFilter, diskFilterSchema } from '../../model/filter.ts';
import { keysOf, requiredKeysOf } from '../../model/key.ts';
import { vmRunSpecSchema } from '../../wire/agent/host-rpc.ts';
import { putKeys } from '../../wire/agent/key-rpc.ts';
import type { AgentAddress, Agents, CallOptions } from '../agents/agent-client.ts';
import { type KeyParts, openKeys, requireAll } from './key-providers.ts';

/** What a call may say of VMs, disks and filters. */
const namesVmSchema = z.object({
  vm: vmRunSpecSchema.optional().catch(undefined),
  source: vmRunSpecSchema.optional().catch(undefined),
  filters: z.array(diskFilterSchema).optional().catch(undefined),
});

/** Throws `KeyNotAvailable` naming a key that no provider has. */
export function keyedAgents(agents: Agents, parts: KeyParts): Agents {
  return {
    async call(host, rpc, input, options) {
      const named = namesVmSchema.safeParse(input);
      const vm = named.data?.source ?? named.data?.vm;
      if (vm !== undefined) {
        const filters = vm.disks.flatMap((disk) => disk.filters);
        const all = [...filters, ...(named.data?.filters ?? [])];
        await giveKeys({ agents, ...parts }, host, { vmId: vm.vmId, filters: all, options });
      }
      return agents.call(host, rpc, input, options);
    },
  };
}

/** Gives a host the keys of a VM's filters; nothing when they want none. */
export async function giveKeys(
  { agents, ...parts }: KeyParts & { agents: Agents },
  host: AgentAddress,
  {
    vmId,
    filters,
    options,
  }: { vmId: string; filters: readonly DiskFilter[]; options?: CallOptions },
): Promise<void> {
  const refs = keysOf(filters);
  if (refs.length === 0) return;
  const keys = await openKeys(parts, refs);
  requireAll(requiredKeysOf(filters), keys);
  const { signal, patienceMs } = options ?? {};
  await agents.call(host, putKeys, { vmId, keys }, { signal, patienceMs });
}
