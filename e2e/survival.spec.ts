// kill -9 of each process, one after the other and in the middle of work: nothing that was done is
// lost, hosts reconnect, virtual machines that were on are on, and what they wrote is there.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { z } from 'zod';
import { inventorySchema, vmViewSchema } from '#lib/wire/api/inventory.ts';
import { taskViewSchema } from '#lib/wire/api/tasks.ts';
import { Api, dataFolder, killAndAwaitReplacement, until } from './running-product.ts';

const runFile = promisify(execFile);
const tasksSchema = z.object({ tasks: z.array(taskViewSchema) });

test.describe.configure({ mode: 'serial' });
test.setTimeout(180_000);

let api: Api;

test.beforeAll(async ({ baseURL }) => {
  api = await Api.signIn(`${baseURL}`);
  await until('the lab is up', isLabUp, 120_000);
});

for (const name of ['controller', 'esx01', 'web', 'database']) {
  test(`${name} is killed: hosts, virtual machines and tasks are as before`, async () => {
    const before = await taskIds();
    await killAndAwaitReplacement(name);
    await until('the lab is up again', isLabUp, 120_000);
    expect(await taskIds()).toEqual(expect.arrayContaining(before));
  });
}

test('a world is killed: its disk is served again, with what was flushed', async () => {
  const uri = await diskUri('web02');
  await qemuIo(uri, 'write -P 0x5a 64k 64k', 'flush');
  const [host, vmId] = await placeOf('web02');
  const pid = worldPid(host, vmId);
  expect(pid).toBeGreaterThan(0);
  process.kill(pid, 'SIGKILL');
  await until('the world runs again', async () => worldPid(host, vmId) !== pid);
  await until('the lab is up again', isLabUp, 120_000);
  await qemuIo(await diskUri('web02'), 'read -P 0x5a 64k 64k');
});

test('the controller is killed in the middle of a task: the task ends', async () => {
  const { nodes } = await api.get('/inventory', inventorySchema);
  const vm = nodes.find(({ name }) => name === 'app01');
  const hosts = nodes.filter(({ kind, name }) => kind === 'host' && name !== 'esx04');
  const target = hosts.find(({ id }) => id !== vm?.parentId);
  const taskId = await api.start('POST', `/vms/${vm?.id}/migrate`, { hostId: target?.id });
  await killAndAwaitReplacement('controller');
  const task = await api.ended(taskId, 120_000);
  const after = await api.get(`/vms/${vm?.id}`, vmViewSchema);
  // Either way it runs, and in one place: where the task says.
  if (task.state === 'success') expect(after.host.id).toBe(target?.id);
  else expect(after.host.id).toBe(vm?.parentId);
  await until('the lab is up', isLabUp, 120_000);
});

async function isLabUp(): Promise<boolean> {
  // While the web server or the database is down the answer is no.
  const inventory = await api.get('/inventory', inventorySchema).catch(() => null);
  if (!inventory) return false;
  const hosts = inventory.nodes.filter(({ kind }) => kind === 'host');
  const vms = inventory.nodes.filter(({ kind, name }) => kind === 'vm' && name !== 'win01');
  const isConnected = hosts.every(({ state }) => state === 'connected');
  return isConnected && vms.length > 0 && vms.every(({ state }) => state === 'poweredOn');
}

async function taskIds(): Promise<string[]> {
  const { tasks } = await api.get('/tasks?limit=200', tasksSchema);
  return tasks.map(({ id }) => id);
}

async function placeOf(name: string): Promise<[host: string, vmId: string]> {
  const { nodes } = await api.get('/inventory', inventorySchema);
  const vm = nodes.find((node) => node.name === name);
  const host = nodes.find((node) => node.id === vm?.parentId);
  return [host?.name ?? '', vm?.id ?? ''];
}

async function diskUri(name: string): Promise<string> {
  const [, vmId] = await placeOf(name);
  const vm = await api.get(`/vms/${vmId}`, vmViewSchema);
  expect(vm.disks[0]?.nbdUri).toBeTruthy();
  return `${vm.disks[0]?.nbdUri}`;
}

/** The process that serves the VM, found by its launch file among the machine's processes. */
function worldPid(host: string, vmId: string): number {
  const launch = path.join(dataFolder(), 'hosts', host, 'launch', `${vmId}.json`);
  return findProcess(launch);
}

function findProcess(argument: string): number {
  for (const pid of processIds()) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (words.includes(argument)) return pid;
    } catch {
      // It has ended since the folder was read.
    }
  }
  return 0;
}

async function qemuIo(uri: string, ...commands: string[]): Promise<void> {
  const flags = commands.flatMap((command) => ['-c', command]);
  const { stdout } = await runFile('qemu-io', ['-f', 'raw', ...flags, uri]);
  expect(stdout).not.toMatch(/failed|error/i);
}

function processIds(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}
