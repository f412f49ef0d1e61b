// A newcomer's way through the product, against real processes, disks and clients: inventory,
// install, policy, attach, real I/O, vMotion, DRS and maintenance mode, tasks and events. Each test
// builds on the one before.

import { readFileSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { nbdInfo, needTools, qemuImgInfo, qemuIo, startFio, stopClients } from './clients.ts';
import {
  chooseFilter,
  endedTask,
  findObject,
  openObject,
  postFromPage,
  readRoute,
  signIn,
} from './console.ts';
import { descriptorOf } from './lab-vms.ts';
import { killAndAwait } from './processes.ts';

const VM = 'web01';
const POLICY = 'Traced';

test.describe.configure({ mode: 'serial', timeout: 180_000 });

test.beforeEach(async ({ page }) => {
  await signIn(page);
});

test.afterEach(stopClients);

test('1 the inventory stands in the tree, and the disks are real VMDKs', async ({ page }) => {
  needTools('qemu-img');
  await page.goto('/');
  const tree = page.getByRole('tree');
  for (const name of ['Lab', 'Prod', 'esx01', 'esx02', 'esx03', 'esx04', VM])
    await expect(tree.getByRole('treeitem', { name: new RegExp(name) }).first()).toBeVisible();
  await expectAccessible(page);
  const { id } = await findObject(page, VM);
  const vm = await readRoute(page, 'readVm', { id });
  const info = await qemuImgInfo(await descriptorOf(page, vm.disks[0]));
  expect(info).toContain('file format: vmdk');
  const virtualSize = new RegExp(`\\(${vm.disks[0]?.capacityBytes} bytes\\)`);
  expect(info).toMatch(virtualSize);
});

test('2 a filter is installed on the cluster from the depot, host by host', async ({ page }) => {
  await openObject(page, 'Prod', 'tab=configure&section=io-filters');
  await chooseFilter(page, 'trace');
  await expect(page.getByText('Installed on 3 of 3 hosts').first()).toBeVisible({
    timeout: 60_000,
  });
  expect((await endedTask(page, 'Install IO Filter', 'Prod')).state).toBe('success');
  await expectAccessible(page);
});

test('2 a standalone host does not offer it, and the API refuses it', async ({ page }) => {
  const id = await openObject(page, 'esx04', 'tab=configure');
  await expect(page.getByText('I/O filters are installed on clusters').first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Install…' })).toHaveCount(0);
  const [vib] = await readRoute(page, 'listDepotVibs');
  const refused = await postFromPage(page, '/api/v1/io-filters', {
    computeResourceId: id,
    depotId: vib?.id ?? '',
  });
  expect(refused).toMatchObject({ status: 400, problem: { fault: 'InvalidArgument' } });
});

test('3 a policy is created, and says what is compatible', async ({ page }) => {
  await page.goto('/policies');
  await page.getByRole('button', { name: 'Create…' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(POLICY);
  await dialog.getByRole('button', { name: 'Next' }).click();
  await dialog.getByRole('checkbox', { name: 'Inspection' }).click();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Next' }).click();
  const hosts = dialog.getByRole('listitem');
  const compatible = hosts.filter({ hasText: /^esx01/ }).getByText('Compatible', { exact: true });
  await expect(compatible).toBeVisible();
  await expect(hosts.filter({ hasText: /^esx04/ }).getByText('Incompatible')).toBeVisible();
  await expect(hosts.filter({ hasText: /^esx04/ })).toContainText('trace');
  await dialog.getByRole('button', { name: 'Next' }).click();
  await expect(dialog.getByText(`“${POLICY}” is created`)).toBeVisible();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { level: 1, name: POLICY })).toBeVisible();
  await expectAccessible(page);
});

test('4 the policy is put on a disk of a running VM, and its client loses no I/O', async ({
  page,
}) => {
  needTools('fio');
  const id = await openObject(page, VM, 'tab=configure&section=disks');
  const fio = startFio(await uriOf(page, id));
  await page.getByRole('button', { name: 'Edit VM storage policies…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Hard disk 1 (scsi0:0)').click();
  await page.getByRole('option', { name: POLICY }).click();
  await expect(dialog.getByText('This can be applied')).toBeVisible();
  await dialog.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByText('Compliant', { exact: true })).toBeVisible();
  expect((await endedTask(page, 'Reconfigure virtual machine', VM)).state).toBe('success');
  await fio.endWell();
  const vm = await readRoute(page, 'readVm', { id });
  expect(vm.disks[0]?.filters.map(({ name }) => name)).toEqual(['trace']);
  expect(readFileSync(await descriptorOf(page, vm.disks[0]), 'utf8')).toContain('ddb.iofilters');
});

test('5 real clients read and write, and the page shows it live', async ({ page }) => {
  needTools('qemu-io', 'nbdinfo');
  const id = await openObject(page, VM);
  const uri = await uriOf(page, id);
  await expect(page.getByText(uri).first()).toBeVisible();
  expect(await nbdInfo(uri)).toContain('export-size');
  const answer = await qemuIo(uri, 'write -P 0x5a 0 64k', 'read -P 0x5a 0 64k');
  expect(answer).toContain('read 65536/65536 bytes');

  await startWorkload(page, id);
  await expect(page.getByText('Running', { exact: true })).toBeVisible();
  await page.getByRole('tab', { name: 'I/O path' }).click();
  const path = page.getByRole('list', { name: 'Path of an I/O, guest first' });
  await expect(path).toContainText('trace');
  await expect(path).toContainText(/[\d,]+ IOPS/);
  const trace = page.getByRole('region', { name: 'Last traced I/Os' });
  await expect(trace.getByText('pass').first()).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('tab', { name: 'Performance' }).click();
  await expect(page.getByRole('img', { name: /^IOPS\. Reads: now [1-9]/ })).toBeVisible();
  await expect(page.getByText(/^Live, /)).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('tab', { name: 'Workload' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped', { exact: true })).toBeVisible();
});

test('6 vMotion is refused where the filter is missing, and live where it is', async ({ page }) => {
  needTools('fio');
  const id = await openObject(page, VM);
  await page.getByRole('button', { name: 'Migrate…' }).click();
  const dialog = page.getByRole('dialog');
  const refused = dialog.getByRole('row', { name: /esx04/ });
  await expect(refused).toContainText('Incompatible');
  await expect(refused).toContainText('trace');
  await expect(refused.getByRole('radio')).toBeDisabled();
  await expectAccessible(page);

  const fio = startFio(await uriOf(page, id));
  await expect
    .poll(async () => (await readRoute(page, 'readVm', { id })).disks[0]?.connections)
    .toBeGreaterThan(0);
  await dialog.getByRole('radio', { name: 'esx02' }).check();
  await dialog.getByRole('button', { name: 'Migrate', exact: true }).click();
  await expect(dialog.getByText('It runs on esx02 now')).toBeVisible({ timeout: 30_000 });
  await expect(dialog.getByText(/Paused for [\d.,]+ ms/)).toBeVisible();
  await fio.endWell();
  const vm = await readRoute(page, 'readVm', { id });
  expect(vm.host.name).toBe('esx02');
});

test('7 entering maintenance mode moves the VM to a compatible host only', async ({ page }) => {
  const id = await openObject(page, 'esx02');
  await page.getByRole('button', { name: 'Enter maintenance mode…' }).click();
  const dialog = page.getByRole('dialog');
  const own = dialog.getByRole('listitem').filter({ hasText: VM });
  await expect(own).toContainText(/Can go to .*esx0[13]/);
  await expect(own).not.toContainText('esx04');
  await dialog.getByRole('button', { name: 'Enter maintenance mode' }).click();
  expect((await endedTask(page, 'Enter maintenance mode', 'esx02')).state).toBe('success');
  await expect(page.getByText('Maintenance mode', { exact: true })).toBeVisible();
  const host = await readRoute(page, 'readHost', { id });
  expect(host.poweredOnVmCount).toBe(0);
  const vm = await readRoute(page, 'readVm', { id: (await findObject(page, VM)).id });
  expect(['esx01', 'esx03']).toContain(vm.host.name);

  await page.getByRole('button', { name: 'Exit maintenance mode…' }).click();
  await dialog.getByRole('button', { name: 'Exit maintenance mode' }).click();
  expect((await endedTask(page, 'Exit maintenance mode', 'esx02')).state).toBe('success');
});

test('7 DRS shows loads and recommendations, and the matrix explains each cell', async ({
  page,
}) => {
  await openObject(page, 'Prod', 'tab=monitor&section=drs');
  await page.getByRole('button', { name: 'Run DRS now' }).click();
  await expect(page.getByRole('heading', { name: 'Recommendations' })).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'CPU of esx01' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('tab', { name: 'Compatibility' }).click();
  const grid = page.getByRole('grid', { name: 'Virtual machines by host' });
  await grid.getByRole('button').first().focus();
  await page.keyboard.press('End');
  await expect(page.getByText(/ on esx03$/)).toBeVisible();
  await expectAccessible(page);
});

test('8 kill -9 of agent and controller loses no task, no event and no VM', async ({ page }) => {
  const { id } = await findObject(page, VM);
  const before = await readRoute(page, 'readVm', { id });
  const tasks = await readRoute(page, 'listTasks');
  await killAndAwait(before.host.name);
  await killAndAwait('controller');
  await expect
    .poll(async () => (await readRoute(page, 'readHost', { id: before.host.id })).connectionState, {
      timeout: 60_000,
    })
    .toBe('connected');
  const after = await readRoute(page, 'readVm', { id });
  expect(after.powerState).toBe('poweredOn');
  const kept = new Set((await readRoute(page, 'listTasks')).map((task) => task.id));
  for (const task of tasks) expect(kept).toContain(task.id);

  await page.goto('/tasks');
  const row = page.getByRole('row').filter({ hasText: 'Migrate virtual machine' }).first();
  await expect(row).toContainText('Completed');
  await expect(row).toContainText('admin');
  await expectAccessible(page);
  await page.goto('/events');
  await expect(page.getByRole('row').filter({ hasText: VM }).first()).toBeVisible();
  await expectAccessible(page);
});

async function uriOf(page: Page, id: string): Promise<string> {
  const [disk] = (await readRoute(page, 'readVm', { id })).disks;
  if (!disk?.nbdUri) throw new Error('The disk has no NBD address.');
  return disk.nbdUri;
}

async function startWorkload(page: Page, id: string): Promise<void> {
  await page.goto(`/vms/${id}?tab=monitor&section=workload`);
  await page.getByRole('button', { name: 'Start a workload…' }).first().click();
  const dialog = page.getByRole('dialog');
  await expectAccessible(page);
  await dialog.getByLabel('Duration, seconds').fill('600');
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(dialog).toHaveCount(0);
}
