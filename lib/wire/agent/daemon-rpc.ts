// What a controller tells a host of the filters' daemons on the other hosts of its cluster.
import { z } from 'zod';
import { objectIdSchema } from '../../model/inventory.ts';
import { done } from './host-rpc.ts';
import { defineRpc } from './rpc.ts';

const daemonPeerSchema = z.object({
  hostId: objectIdSchema,
  address: z.union([z.ipv4(), z.ipv6()]),
  port: z.number().int().min(1).max(65535),
  /** 32 bytes in base64 that these two hosts share for this filter, and no third host has. */
  key: z.base64().length(44),
});

/** By filter: where the daemons of other hosts wait for this one's. */
const daemonPeersSchema = z.record(z.string().max(64), z.array(daemonPeerSchema).max(1024));
export type DaemonPeers = z.infer<typeof daemonPeersSchema>;

/** Replaces what the host was told before. It forgets it when its agent ends. */
export const setDaemonPeers = defineRpc({
  name: 'setDaemonPeers',
  input: z.object({ peers: daemonPeersSchema }),
  output: done,
  timeoutMs: 5_000,
});
