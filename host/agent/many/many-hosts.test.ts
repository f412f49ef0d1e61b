// One process that carries several hosts: each answers to its own token with its own state, all die
// with it at once, and no second process gets at their directories while it lives.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { configure, hostReportSchema } from '#lib/wire/agent/host-rpc.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const AGENT = fileURLToPath(new URL('../agent-main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-many-'));
const hostsFile = join(folder, 'hosts.json');
const rootsFile = join(folder, 'roots.json');
const running = new Set<ChildProcess>();

const NAMES = ['DC0_H0', 'DC0_C0_H0', 'DC0_C0_H1'];
const tokenOf = (name: string) => `a token for ${name}`;

writeFileSync(rootsFile, '[]');
writeFileSync(
  hostsFile,
  JSON.stringify(
    NAMES.map((name) => ({
      ...{ name, directory: join(folder, 'hosts', name), token: tokenOf(name) },
      version: name === 'DC0_H0' ? '7.0.0' : '8.0.0',
    })),
  ),
);

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function begin(): ChildProcess {
  const args = ['--hosts', hostsFile, '--roots', rootsFile];
  const stdio: ('ignore' | 'ipc')[] = ['ignore', 'ignore', 'ignore', 'ipc'];
  const child = fork(AGENT, args, { stdio, execArgv: [] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function portOf(child: ChildProcess): Promise<number> {
  const ended = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`it ended: ${code}`)),
  );
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return z.object({ port: z.number() }).parse(message).port;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

function call(port: number, token: string, name: string, input: unknown): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/rpc/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(input),
  });
}

async function reportOf(port: number, name: string) {
  const input = { knownRevision: 0, knownBootId: '', afterEvent: 0, waitMs: 0 };
  const response = await call(port, tokenOf(name), 'report', input);
  return hostReportSchema.parse(await response.json());
}

test('each host has its own token and state, and they crash and return together', async () => {
  const first = begin();
  const port = await portOf(first);
  for (const [index, name] of NAMES.entries()) {
    const input = { hostId: `host-${index + 1}`, name, datastores: [] };
    expect((await call(port, tokenOf(name), configure.name, input)).status).toBe(200);
  }
  expect((await call(port, 'a token of nobody', 'report', {})).status).toBe(401);
  const before = await Promise.all(NAMES.map((name) => reportOf(port, name)));
  expect(before.map(({ hostId }) => hostId)).toEqual(['host-1', 'host-2', 'host-3']);
  expect(before.map(({ product }) => product.version)).toEqual(['7.0.0', '8.0.0', '8.0.0']);
  expect(new Set(before.map(({ hostUuid }) => hostUuid)).size).toBe(3);

  const second = begin();
  const [code] = await once(second, 'exit');
  expect(code).toBe(1);

  await end(first, 'SIGKILL');
  const third = begin();
  const again = await portOf(third);
  const after = await Promise.all(NAMES.map((name) => reportOf(again, name)));
  expect(after.map(({ hostUuid }) => hostUuid)).toEqual(before.map(({ hostUuid }) => hostUuid));
  expect(after[0]?.bootId).not.toBe(before[0]?.bootId);
  await end(third, 'SIGTERM');
});
