// The data folder: secrets that stay, ports that stay, and one supervisor at a time.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepSecret } from './data-folder.ts';
import { planHosts } from './host-plan.ts';
import { keepLab } from './kept-lab.ts';
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
  const lab = keepLab(folder, null);
  const first = await planHosts(folder, 47_100, lab);
  const { agents, provider } = first;
  const ports = [...agents.map((agent) => agent.port), provider.port, provider.nbdPort];
  expect(new Set(ports).size).toBe(lab.hosts.length + 2);
  expect(await planHosts(folder, 50_000, lab)).toEqual(first);
  const taken = createServer();
  const [one] = agents;
  await new Promise<void>((resolve) => taken.listen(one?.port, '127.0.0.1', resolve));
  const second = await planHosts(folder, 47_100, lab);
  const [moved, ...others] = second.agents;
  expect(moved?.port).not.toBe(one?.port);
  expect([others, second.provider]).toEqual([agents.slice(1), provider]);
  expect(await planHosts(folder, 47_100, lab)).toEqual(second);
  await new Promise((resolve) => taken.close(resolve));
});

test('a generated lab stays what it was, with many hosts in each process', async () => {
  const { lab: knobs } = readSettings({ NODE_ENV: 'test' }, [
    '--lab',
    'vcsim',
    '--hosts-per-process',
    '3',
  ]);
  const { agents } = await planHosts(folder, 47_100, keepLab(folder, knobs));
  expect(agents.map(({ name, hosts }) => [name, hosts.length])).toEqual([
    ['hosts-1', 3],
    ['hosts-2', 1],
  ]);
  const tokens = agents.flatMap(({ hosts }) => hosts.map(({ token }) => token));
  expect(new Set(tokens).size).toBe(4);
  expect(await planHosts(folder, 47_100, keepLab(folder, null))).toMatchObject({ agents });
  const { lab: other } = readSettings({ NODE_ENV: 'test' }, ['--lab', 'vcsim', '--clusters', '2']);
  expect(() => keepLab(folder, other)).toThrow('other knobs');
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
