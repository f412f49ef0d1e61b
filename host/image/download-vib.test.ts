// Tests of downloading: a server on loopback that answers well, late, too much, wrong, or not at
// all.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { Fault } from '#lib/model/fault.ts';
import { type DownloadRequest, downloadVib } from './download-vib.ts';

const body = Buffer.from('the bytes of a VIB '.repeat(1000));
const sha256 = createHash('sha256').update(body).digest('hex');
let directory = '';
let server: Server | null = null;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-download-'));
});

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = null;
  await rm(directory, { recursive: true });
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/a.vib`;
}

const path = () => join(directory, 'a.vib');

function download(url: string, more: Partial<DownloadRequest> = {}) {
  return downloadVib({ url, sha256, path: path(), clock: systemClock, timeoutMs: 20_000, ...more });
}

async function expectRefusal(promise: Promise<void>, text: RegExp): Promise<void> {
  const thrown = await promise.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(Fault);
  if (thrown instanceof Fault) expect([thrown.fault]).toEqual(['VibDownloadError']);
  expect(String(thrown)).toMatch(text);
  expect(existsSync(path())).toBe(false);
}

test('a VIB arrives whole, with progress', async () => {
  const url = await serve((_, response) => {
    response.setHeader('content-length', body.length);
    response.end(body);
  });
  const seen: number[] = [];
  await download(url, { onProgress: (percent) => seen.push(percent) });
  expect(await readFile(path())).toEqual(body);
  expect(seen.at(-1)).toBe(100);
});

test('an error of the server is told', async () => {
  const url = await serve((_, response) => response.writeHead(404).end());
  await expectRefusal(download(url), /the server answered 404/);
});

test('other bytes than announced are refused', async () => {
  const url = await serve((_, response) => response.end('something else'));
  await expectRefusal(download(url), /not the VIB that was announced/);
});

test('a file that is too large is refused by its length, or else by its bytes', async () => {
  const told = await serve((_, response) => {
    response.setHeader('content-length', body.length);
    response.end(body);
  });
  await expectRefusal(download(told, { maxBytes: 1000 }), /larger than 1000 bytes/);
  server?.close();
  const untold = await serve((_, response) => {
    response.write(body);
    response.end();
  });
  await expectRefusal(download(untold, { maxBytes: 1000 }), /larger than 1000 bytes/);
});

test('a server that stops in the middle is given up', async () => {
  const url = await serve((_, response) => {
    response.write(body);
  });
  await expectRefusal(download(url, { timeoutMs: 200 }), /did not end within 0.2 s/);
});

test('a connection that breaks is told', async () => {
  const url = await serve((_, response) => {
    response.setHeader('content-length', body.length);
    response.write(body.subarray(0, 100));
    setImmediate(() => response.destroy());
  });
  await expectRefusal(download(url), /could not be downloaded from/);
});

test('a server that is not there is told', async () => {
  const url = await serve(() => undefined);
  server?.close();
  await expectRefusal(download(url), /ECONNREFUSED/);
});

test('other schemes than http are refused', async () => {
  await expectRefusal(download('file:///etc/passwd'), /only http and https/);
});
