// kill -9 of what newcomer.spec.ts leaves alone: web server, database, a virtual machine's world,
// and the controller in the middle of a task. Nothing that was done is lost, and what was flushed
// is there.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { needTools, qemuIo } from './clients.ts';
import { findObject, readRoute, signIn } from './console.ts';
import { dataFolder, killAndAwait } from './processes.ts';

/** Of the lab's seed, those that are on; what other tests made may be off. */
const RUNNING = ['web01', 'web02', 'db01', 'app01', 'files01'];
const UP_AGAIN = { timeout: 120_000, message: 'the lab is up again' };

test.setTimeout(240_000);

test.beforeEach(async ({ page }) => {
  await signIn(page);
  await expect.poll(() => isLabUp(page), UP_AGAIN).toBe(true);
});

for (const name of ['web', 'database', 'controller']) {
  test(`${name} is killed: hosts, virtual machines and tasks are as before`, async ({ page }) => {
    const before = (await readRoute(page, 'listTasks')).map(({ id }) => id);
    await killAndAwait(name);
    await expect.poll(() => isLabUp(page), UP_AGAIN).toBe(true);
    const after = (await readRoute(page, 'listTasks')).map(({ id }) => id);
    expect(after).toEqual(expect.arrayContaining(before));
  });
}

test('a world is killed: its disk is served again, with what was flushed', async ({ page }) => {
  needTools('qemu-io');
  await qemuIo(await diskUri(page, 'web02'), 'write -P 0x5a 64k 64k', 'flush');
  const before = await worldOf(page, 'web02');
  expect(before).toBeGreaterThan(0);
  process.kill(before, 'SIGKILL');
  const isReplaced = async () => ![0, before].includes(await worldOf(page, 'web02'));
  await expect.poll(isReplaced, UP_AGAIN).toBe(true);
  // Until its server listens again, a client is refused.
  const read = async () => qemuIo(await diskUri(page, 'web02'), 'read -P 0x5a 64k 64k');
  const output = () => read().catch(() => '');
  await expect.poll(output, UP_AGAIN).toContain('read 65536/65536 bytes');
  expect(await read()).not.toContain('Pattern verification failed');
});

test('the controller is killed in the middle of a move: the task ends', async ({
  page,
  baseURL,
}) => {
  const vm = await findObject(page, 'app01');
  const targets = await readRoute(page, 'listMigrationTargets', { id: vm.id });
  const target = targets.targets.find(({ verdict }) => verdict.allowed)?.host;
  expect(target, 'a host can take app01').toBeTruthy();
  const answer = await page.request.post(`/api/v1/vms/${vm.id}/migrate`, {
    data: { hostId: target?.id },
    headers: { origin: `${baseURL}` },
  });
  expect(answer.status(), await answer.text()).toBe(200);
  const { taskId } = await answer.json();
  await killAndAwait('controller');
  const isOver = async () => (await readRoute(page, 'readTask', { id: taskId })).completedAt;
  await expect.poll(isOver, { timeout: 120_000, message: 'the move ends' }).not.toBeNull();
  const task = await readRoute(page, 'readTask', { id: taskId });
  const after = await readRoute(page, 'readVm', { id: vm.id });
  // Either way it runs, and where the task says.
  expect(after.powerState).toBe('poweredOn');
  expect(after.host.id).toBe(task.state === 'success' ? target?.id : vm.parentId);
});

async function isLabUp(page: Page): Promise<boolean> {
  // While the web server or the database is down, the answer is no.
  const inventory = await readRoute(page, 'readInventory').catch(() => null);
  const nodes = inventory?.nodes ?? [];
  const hosts = nodes.filter(({ kind }) => kind === 'host');
  const isConnected = hosts.length > 0 && hosts.every(({ state }) => state === 'connected');
  const isOn = (name: string) =>
    nodes.some((node) => node.kind === 'vm' && node.name === name && node.state === 'poweredOn');
  return isConnected && RUNNING.every(isOn);
}

async function diskUri(page: Page, name: string): Promise<string> {
  const { id } = await findObject(page, name);
  const { disks } = await readRoute(page, 'readVm', { id });
  expect(disks[0]?.nbdUri).toBeTruthy();
  return `${disks[0]?.nbdUri}`;
}

/** The process that serves the VM, found by its launch file; 0 while there is none. */
async function worldOf(page: Page, name: string): Promise<number> {
  const { id } = await findObject(page, name);
  const { host } = await readRoute(page, 'readVm', { id });
  return findProcess(path.join(dataFolder(), 'hosts', host.name, 'launch', `${id}.json`));
}

function findProcess(argument: string): number {
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
  const found = pids.find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument);
    } catch {
      // It has ended since the folder was read.
      return false;
    }
  });
  return found ?? 0;
}
