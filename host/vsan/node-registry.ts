// What a vSAN node is told, in the launch file that the host agent writes; and where the nodes of a
// datastore are: one small file for each in the datastore's own folder, `.vsan/nodes/<node>.json`,
// written by the node at each start.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../datastore/errno.ts';
import { writeFileDurably } from '../datastore/write-file.ts';

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

const placeSchema = z.union([
  z.object({ path: z.string().startsWith('/').max(107) }),
  z.object({ host: z.string().min(1), port: z.number().int().min(1).max(65535) }),
]);

const nodeEntrySchema = z.object({
  nodeId: z.string().regex(/^[A-Za-z0-9-]{1,100}$/),
  hostName: z.string().max(255),
  rpc: placeSchema,
  nbd: placeSchema,
  /** What callers must show. Whoever may read the datastore's folder may call. */
  token: z.string().min(16).max(200),
});
export type NodeEntry = z.infer<typeof nodeEntrySchema>;

const folderOf = (datastorePath: string): string => join(datastorePath, '.vsan', 'nodes');

export async function registerNode(datastorePath: string, entry: NodeEntry): Promise<void> {
  const folder = folderOf(datastorePath);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFileDurably(join(folder, `${entry.nodeId}.json`), `${JSON.stringify(entry)}\n`);
}

/** The nodes that ever registered, whether they run or not. */
export async function registeredNodes(datastorePath: string): Promise<NodeEntry[]> {
  const folder = folderOf(datastorePath);
  const names = await readdir(folder).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  const entries: NodeEntry[] = [];
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const text = await readFile(join(folder, name), 'utf8').catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    });
    if (text !== null) entries.push(nodeEntrySchema.parse(JSON.parse(text)));
  }
  return entries;
}
