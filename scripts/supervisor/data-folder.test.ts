// The data folder: secrets that stay, ports that stay, and one supervisor at a time.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepSecret } from './data-folder.ts';
import { planHosts } from './host-plan.ts';
import { RunFile } from './run-file.ts';
import { readSettings } from './settings.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sluice-data-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a secret is made once, and only its owner may read it', () => {
  const file = path.join(folder, 'secrets', 'auth');
  const first = keepSecret(file);
  expect(first).toMatch(/^[\w-]{43}$/);
  expect(keepSecret(file)).toBe(first);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(keepSecret(path.join(folder, 'other'))).not.toBe(first);
});

test('agents keep their ports and tokens, and move away from a port that is taken', async () => {
  const first = await planHosts(folder, 47_100);
  const { hosts, provider } = first;
  const ports = [...hosts.map((host) => host.port), provider.port, provider.nbdPort];
  expect(new Set(ports).size).toBe(hosts.length + 2);
  expect(await planHosts(folder, 50_000)).toEqual(first);
  const taken = createServer();
  const [one] = hosts;
  await new Promise<void>((resolve) => taken.listen(one?.port, '127.0.0.1', resolve));
  const second = await planHosts(folder, 47_100);
  const [moved, ...others] = second.hosts;
  expect(moved?.port).not.toBe(one?.port);
  expect([others, second.provider]).toEqual([hosts.slice(1), provider]);
  expect(await planHosts(folder, 47_100)).toEqual(second);
  await new Promise((resolve) => taken.close(resolve));
});

test('the run file names the processes, and goes with its supervisor', () => {
  const run = new RunFile(folder, 'http://127.0.0.1:3000');
  run.claim();
  run.set('web', 42);
  const read = () => JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8'));
  expect(read().processes).toEqual({ supervisor: process.pid, web: 42 });
  run.set('web', null);
  expect(read().processes).toEqual({ supervisor: process.pid });
  // Never claimed: it must not take the file of the one that runs.
  new RunFile(folder, 'http://127.0.0.1:3001').release();
  expect(read().url).toBe('http://127.0.0.1:3000');
  run.release();
  expect(read).toThrow(/ENOENT/);
});

test.each(['0', '65536', 'http', '80.5'])('the port %s is refused in plain words', (PORT) => {
  expect(() => readSettings({ NODE_ENV: 'test', PORT }, [])).toThrow(/PORT must be a port number/);
});
