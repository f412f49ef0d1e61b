// A supervised process through kill -9, a request to stop that it ignores, and the death of its
// parent.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Service } from './service.ts';

let folder = '';
let services: Service[] = [];
let pids: (number | null)[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sluice-service-'));
  services = [];
  pids = [];
});

afterEach(() => {
  for (const service of services) service.kill();
  rmSync(folder, { recursive: true, force: true });
});

function makeService(program: string, graceMs = 5_000): Service {
  const file = path.join(folder, 'program.mjs');
  writeFileSync(file, program);
  const service = new Service({
    ...{ name: 'program', file, args: [], cwd: folder, graceMs },
    environment: () => process.env,
    onOutput: () => undefined,
    onChange: (_name, pid) => pids.push(pid),
    onMessage: () => undefined,
  });
  services.push(service);
  return service;
}

function isAlive(pid: number): boolean {
  // A zombie has ended too, though nobody has asked for its exit code yet.
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const READY = 'process.send({ ready: true }); setInterval(() => {}, 1000);';

test('starts again after kill -9, under a new process id', async () => {
  const service = makeService(READY);
  service.start();
  await service.ready;
  const [first] = pids;
  expect(first).toBeTypeOf('number');
  process.kill(first ?? 0, 'SIGKILL');
  await vi.waitFor(() => expect(pids).toHaveLength(3), { timeout: 10_000 });
  expect(pids[1]).toBeNull();
  expect(pids[2]).not.toBe(first);
  await service.stop();
  expect(pids.at(-1)).toBeNull();
});

test('does not start again what was stopped', async () => {
  const service = makeService(READY);
  service.start();
  await service.ready;
  await service.stop();
  expect(pids).toHaveLength(2);
});

test('kills a process that ignores the request to stop', async () => {
  const service = makeService(`process.on('SIGTERM', () => {}); ${READY}`, 100);
  service.start();
  await service.ready;
  const [pid] = pids;
  await service.stop();
  expect(isAlive(pid ?? 0)).toBe(false);
});

test('a child ends when its supervisor is killed', async () => {
  const program = path.join(folder, 'child.mjs');
  writeFileSync(program, 'process.send({ ready: true }); setInterval(() => {}, 1000);');
  const parent = path.join(folder, 'parent.mjs');
  const service = path.join(import.meta.dirname, 'service.ts');
  writeFileSync(
    parent,
    `import { Service } from ${JSON.stringify(service)};
     let childPid = 0;
     const service = new Service({ name: 'child', file: ${JSON.stringify(program)}, args: [],
       cwd: ${JSON.stringify(folder)}, graceMs: 1000, environment: () => process.env,
       onOutput() {}, onChange(name, pid) { childPid = pid; }, onMessage() {} });
     service.start();
     await service.ready;
     process.send(childPid);`,
  );
  const supervisor: ChildProcess = fork(parent, { stdio: 'inherit' });
  const [childPid] = await once(supervisor, 'message');
  expect(isAlive(childPid)).toBe(true);
  supervisor.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(childPid)).toBe(false), { timeout: 10_000 });
});
