// Calls of hosts that bring the keys with them: before each call that names a VM whose disks are
// encrypted, the host is given the keys of those disks, so that it can open them.
import { z } from 'zod';
import type { Random } from '../../base/random.ts';
import { seal } from '../../formats/sealed-box/sealed-box.ts';
import { Fault } from '../../model/fault.ts';
import { type DiskFilter, diskFilterSchema } from '../../model/filter.ts';
import { keysOf, requiredKeysOf } from '../../model/key.ts';
import { vmRunSpecSchema } from '../../wire/agent/host-rpc.ts';
import { encodeKeys } from '../../wire/agent/key-bytes.ts';
import { putKeys, readKeyBox } from '../../wire/agent/key-rpc.ts';
import type { AgentAddress, Agents, CallOptions } from '../agents/agent-client.ts';
import { faultOfMissing, findKeys } from './find-keys.ts';
import type { KeyParts } from './key-providers.ts';

/** What it takes to give keys. */
type GivingParts = KeyParts & { random: Random };

/** What a call may say of VMs, disks and filters. */
const namesVmSchema = z.object({
  vm: vmRunSpecSchema.optional().catch(undefined),
  source: vmRunSpecSchema.optional().catch(undefined),
  filters: z.array(diskFilterSchema).optional().catch(undefined),
});

/**
 * Throws `KeyNotAvailable` naming a key that no provider has. When a key server does not answer the
 * call is made all the same: the host may have the key still, or not need it.
 */
export function keyedAgents(agents: Agents, parts: GivingParts): Agents {
  return {
    async call(host, rpc, input, options) {
      const named = namesVmSchema.safeParse(input);
      const vm = named.data?.source ?? named.data?.vm;
      if (vm !== undefined) {
        const filters = vm.disks.flatMap((disk) => disk.filters);
        const all = [...filters, ...(named.data?.filters ?? [])];
        const given = { vmId: vm.vmId, filters: all, options };
        const trouble = await giveKeys({ agents, ...parts }, host, given);
        if (trouble) return callWithout(trouble, () => agents.call(host, rpc, input, options));
      }
      return agents.call(host, rpc, input, options);
    },
  };
}

/** When the host lacks the key as well, the fault says why it was not given it. */
async function callWithout<T>(trouble: Fault, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof Fault && error.fault === 'KeyNotAvailable' ? trouble : error;
  }
}

/**
 * Gives a host the keys of a VM's filters; nothing when they want none. Returns why a key was not
 * given whose server does not answer; throws `KeyNotAvailable` for one that no provider has.
 */
export async function giveKeys(
  { agents, ...parts }: GivingParts & { agents: Agents },
  host: AgentAddress,
  {
    vmId,
    filters,
    options,
  }: { vmId: string; filters: readonly DiskFilter[]; options?: CallOptions },
): Promise<Fault | null> {
  const refs = keysOf(filters);
  if (refs.length === 0) return null;
  const found = await findKeys(parts, refs);
  const missing = faultOfMissing(requiredKeysOf(filters), found);
  if (missing && found.troubles.size === 0) throw missing;
  const { signal, patienceMs } = options ?? {};
  const { keys } = found;
  if (keys.length === 0) return missing;
  const { publicKey } = await agents.call(host, readKeyBox, {}, { signal, patienceMs });
  const bytes = encodeKeys(keys);
  const sealed = seal({ bytes, purpose: vmId, publicKey, random: parts.random });
  bytes.fill(0);
  await agents.call(host, putKeys, { vmId, sealed }, { signal, patienceMs });
  return missing;
}
