// Which nodes take the components of an object: those with the most free space.
import { NodeClient } from './node-client.ts';
import { registeredNodes } from './node-registry.ts';
import * as calls from './node-rpc.ts';

export interface NodeSpace {
  nodeId: string;
  hostName: string;
  deviceId: string;
  capacityBytes: number;
  freeBytes: number;
}

/** What each node that answers has. */
export async function nodeSpaces(datastorePath: string): Promise<NodeSpace[]> {
  const entries = await registeredNodes(datastorePath);
  const answers = await Promise.allSettled(
    entries.map(({ nodeId }) => new NodeClient(datastorePath, nodeId).call(calls.nodeInfo, {})),
  );
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

/** The nodes that answer and have the room, the preferred one first, then by free space. */
export async function nodesBySpace(
  datastorePath: string,
  choice: { without: readonly string[]; wantedBytes: number; preferred?: string },
): Promise<NodeSpace[]> {
  const { without, wantedBytes, preferred } = choice;
  const spaces = await nodeSpaces(datastorePath);
  const rank = ({ nodeId, freeBytes }: NodeSpace): number =>
    nodeId === preferred ? Number.POSITIVE_INFINITY : freeBytes;
  return spaces
    .filter(({ nodeId, freeBytes }) => !without.includes(nodeId) && freeBytes >= wantedBytes)
    .sort((a, b) => rank(b) - rank(a));
}
