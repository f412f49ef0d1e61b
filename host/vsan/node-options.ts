// The launch file of a vSAN node, written by the host agent that starts it.
import { z } from 'zod';

export const nodeOptionsSchema = z.object({
  nodeId: z.string().regex(/^[A-Za-z0-9-]{1,100}$/),
  hostName: z.string().max(255),
  /** Of the components, on the host's local disk. */
  directory: z.string().startsWith('/'),
  /** The datastore's folder, in which the node registers. */
  datastorePath: z.string().startsWith('/'),
  /** Private folder for the sockets, whose paths are short. */
  runtimeDirectory: z.string().startsWith('/').max(80),
  capacityBytes: z.number().int().positive().nullable(),
  logPath: z.string().startsWith('/'),
});
export type NodeOptions = z.infer<typeof nodeOptionsSchema>;
