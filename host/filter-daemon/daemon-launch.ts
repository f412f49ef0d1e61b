// What a filter's daemon is started with: its code, the socket for the disks' lines, the host. And
// what it and its host tell each other afterwards.
import { z } from 'zod';

export const daemonLaunchSchema = z.object({
  /** Of the filter. */
  name: z.string(),
  entryPath: z.string().startsWith('/'),
  entrySha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where the disks' lines connect; at most 100 bytes, as unix sockets want. */
  socketPath: z.string().startsWith('/').max(100),
  host: z.object({ id: z.string(), name: z.string() }),
  /** The virtual flash resource, and the host as the worlds on it call it. */
  flash: z.object({ directory: z.string().startsWith('/'), hostUuid: z.string() }).optional(),
  /** The address at which `network.listen` waits. */
  networkAddress: z.string().default('127.0.0.1'),
  logPath: z.string().startsWith('/'),
});
export type DaemonLaunch = z.infer<typeof daemonLaunchSchema>;

/** What a daemon's process tells its host. */
export const daemonReportSchema = z.object({
  ready: z.boolean().optional(),
  /** The port that it took first for other hosts' daemons. */
  listening: z.number().int().min(1).max(65535).optional(),
});
export type DaemonReport = z.infer<typeof daemonReportSchema>;

/** Where the daemon of another host waits, and the key that the two share, in base64. */
const keyedPeerSchema = z.object({
  hostId: z.string(),
  address: z.string(),
  port: z.number().int(),
  key: z.base64(),
});
export type KeyedPeer = z.infer<typeof keyedPeerSchema>;

/** What a host tells a daemon's process: the daemons of other hosts. Only ever in memory. */
export const daemonOrderSchema = z.object({
  /** Of this host, which may have been added to the inventory since the daemon was started. */
  hostId: z.string().optional(),
  peers: z.array(keyedPeerSchema),
});
export type DaemonOrder = z.infer<typeof daemonOrderSchema>;
