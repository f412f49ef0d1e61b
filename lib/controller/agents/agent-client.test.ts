// Calls to a host that answers well, badly, late, or not at all.
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../base/system-clock.ts';
import { systemRandom } from '../../base/system-random.ts';
import { defineRpc } from '../../wire/agent/rpc.ts';
import { createSealer } from '../secrets/sealer.ts';
import { createAgents } from './agent-client.ts';
import { sealAgentToken } from './agent-token.ts';
import { createDepotLinks, isDepotLinkValid } from './depot-links.ts';

const echo = defineRpc({
  name: 'echo',
  input: z.object({ text: z.string() }),
  output: z.object({ text: z.string() }),
  timeoutMs: 2_000,
});
const agents = createAgents(systemClock);
let server: Server | null = null;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

async function serve(listener: RequestListener, port = 0) {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((done) => started.listen(port, '127.0.0.1', done));
  const address = started.address();
  const bound = typeof address === 'object' && address ? address.port : 0;
  return { id: 'host-1', name: 'esx01', agentUrl: `http://127.0.0.1:${bound}`, agentToken: 't' };
}

test('the call carries name, body and token, and the answer is parsed', async () => {
  let seen = '';
  const host = await serve((request, response) => {
    seen = `${request.method} ${request.url} ${request.headers.authorization}`;
    request.on('data', (body: Buffer) => response.end(body));
  });
  expect(await agents.call(host, echo, { text: 'hello' })).toEqual({ text: 'hello' });
  expect(seen).toBe('POST /rpc/echo Bearer t');
});

test('a sealed token goes out opened, and opens under its secret alone', async () => {
  let seen = '';
  const host = await serve((request, response) => {
    seen = request.headers.authorization ?? '';
    response.end('{"text":""}');
  });
  const sealer = createSealer(new Uint8Array(32).fill(1), systemRandom);
  const agentToken = sealAgentToken(sealer, 'open sesame');
  expect(agentToken).not.toContain('sesame');
  await createAgents(systemClock, sealer).call({ ...host, agentToken }, echo, { text: '' });
  expect(seen).toBe('Bearer open sesame');
  const other = createAgents(systemClock, createSealer(new Uint8Array(32), systemRandom));
  const call = other.call({ ...host, agentToken }, echo, { text: '' });
  await expect(call).rejects.toMatchObject({ fault: 'InvalidState' });
});

const record = { fault: 'FileLocked', message: 'Locked.', reasons: [] };
test.each([
  ['a fault', 423, JSON.stringify(record), 'FileLocked'],
  ['an error that is no fault', 500, '<html>', 'SystemError'],
  ['an answer of the wrong shape', 200, '{"text":5}', 'SystemError'],
  ['an answer that is no JSON', 200, '{', 'SystemError'],
])('%s becomes a fault', async (_, status, body, fault) => {
  const host = await serve((_request, response) => response.writeHead(status).end(body));
  await expect(agents.call(host, echo, { text: '' })).rejects.toMatchObject({ fault });
});

test('a host that is silent, breaks off, or is not there is not reachable', async () => {
  const silent = await serve(() => undefined);
  await expect(agents.call(silent, echo, { text: '' }, { timeoutMs: 50 })).rejects.toMatchObject({
    fault: 'HostNotReachable',
    message: 'esx01 did not answer echo within 0.05 s.',
  });
  const broken = await serve((request) => request.socket.destroy());
  const unreachable = { fault: 'HostNotReachable' };
  await expect(agents.call(broken, echo, { text: '' })).rejects.toMatchObject(unreachable);
  server?.close();
  await expect(agents.call(broken, echo, { text: '' })).rejects.toMatchObject(unreachable);
});

test('with patience the call is repeated until the host is back', async () => {
  const host = await serve(() => undefined);
  server?.closeAllConnections();
  await new Promise((done) => server?.close(done));
  const answer = agents.call(host, echo, { text: 'again' }, { patienceMs: 30_000 });
  const port = Number(new URL(host.agentUrl).port);
  await serve((request, response) => {
    request.on('data', (body: Buffer) => response.end(body));
  }, port);
  expect(await answer).toEqual({ text: 'again' });
});

test('an aborted signal ends the call with its reason', async () => {
  const host = await serve(() => undefined);
  const stop = new AbortController();
  const call = agents.call(host, echo, { text: '' }, { signal: stop.signal, patienceMs: 5_000 });
  stop.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
});

test('a depot link is good for its file and its time alone', () => {
  const secret = new Uint8Array(32).fill(7);
  const links = createDepotLinks({ publicUrl: 'http://web:3000', secret, clock: systemClock });
  const url = new URL(links.link('vibs', 'a b.vib'));
  expect(url.pathname).toBe('/api/v1/depot/files/vibs/a%20b.vib');
  const expires = Number(url.searchParams.get('expires'));
  const token = url.searchParams.get('token') ?? '';
  const link = { kind: 'vibs' as const, fileName: 'a b.vib', expires, token };
  const now = systemClock.now();
  expect(isDepotLinkValid(secret, now, link)).toBe(true);
  expect(isDepotLinkValid(secret, expires, link)).toBe(false);
  expect(isDepotLinkValid(secret, now, { ...link, fileName: 'b.vib' })).toBe(false);
  expect(isDepotLinkValid(secret, now, { ...link, kind: 'traces' })).toBe(false);
  expect(isDepotLinkValid(secret, now, { ...link, expires: expires + 1 })).toBe(false);
  expect(isDepotLinkValid(secret, now, { ...link, token: '' })).toBe(false);
  expect(isDepotLinkValid(new Uint8Array(32), now, link)).toBe(false);
});
