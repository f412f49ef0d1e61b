// Who gets through to the daemons of other hosts: those with the key that the two share alone.
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { PeerNetwork } from './peer-network.ts';

const KEYS = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64'));
const [KEY = '', OTHER_KEY = ''] = KEYS;
const ADDRESS = '127.0.0.1';

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

function networkOf(hostId: string): { network: PeerNetwork; refused: string[] } {
  const refused: string[] = [];
  return {
    refused,
    network: new PeerNetwork({ hostId, log: (message) => refused.push(message) }),
  };
}

/** Where it waits, and who came. */
async function waiting(network: PeerNetwork): Promise<{ port: number; came: string[] }> {
  const came: string[] = [];
  const server = network.createServer((socket, hostId) => {
    sockets.push(socket);
    came.push(hostId);
    socket.pipe(socket);
  });
  servers.push(server);
  server.listen(0, ADDRESS);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it has no port');
  return { port: address.port, came };
}

test('two hosts with the same key talk, and each knows the other', async () => {
  const { network: here } = networkOf('host-1');
  const { network: there } = networkOf('');
  const { port, came } = await waiting(here);
  here.set([{ hostId: 'host-2', address: ADDRESS, port: 1, key: KEY }]);
  there.set([{ hostId: 'host-1', address: ADDRESS, port, key: KEY }], 'host-2');
  const socket = await there.connect('host-1');
  sockets.push(socket);
  socket.write('is it you?');
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toBe('is it you?');
  expect(came).toEqual(['host-2']);
  expect(there.peers).toEqual([{ hostId: 'host-1', address: ADDRESS, port }]);
});

test.each([
  ['another key', 'host-2', OTHER_KEY],
  ['the name of a host that is not known', 'host-3', KEY],
])('a host with %s is refused', async (_, hostId, key) => {
  const { network: here, refused } = networkOf('host-1');
  const { network: stranger } = networkOf(hostId);
  const { port, came } = await waiting(here);
  here.set([{ hostId: 'host-2', address: ADDRESS, port: 1, key: KEY }]);
  stranger.set([{ hostId: 'host-1', address: ADDRESS, port, key }]);
  await expect(stranger.connect('host-1')).rejects.toMatchObject({ fault: 'HostNotReachable' });
  expect(came).toEqual([]);
  expect(refused).not.toEqual([]);
});

test('nobody is reached who is not a peer', async () => {
  const { network } = networkOf('host-1');
  await expect(network.connect('host-2')).rejects.toMatchObject({ fault: 'NotFound' });
});
