// What a filter's daemon is started with: its code, the socket for the disks' lines, the host.
import { z } from 'zod';

export const daemonLaunchSchema = z.object({
  /** Of the filter. */
  name: z.string(),
  entryPath: z.string().startsWith('/'),
  entrySha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where the disks' lines connect; at most 100 bytes, as unix sockets want. */
  socketPath: z.string().startsWith('/').max(100),
  host: z.object({ id: z.string(), name: z.string() }),
  /** The address at which `network.listen` waits. */
  networkAddress: z.string().default('127.0.0.1'),
  logPath: z.string().startsWith('/'),
});
export type DaemonLaunch = z.infer<typeof daemonLaunchSchema>;
