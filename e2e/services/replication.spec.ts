// Replication by clicks: a VM is protected by a policy and comes in sync; its disk is damaged, and
// the moment before is tested and then recovered as a new VM. Then it is failed over, which is
// undone, moved by plan, and moved back. What comes back is read as a guest would read it.
import { expect, type Locator, type Page, test } from '@playwright/test';
import { expectAccessible } from '../accessibility.ts';
import { needTools, qemuIo } from '../clients.ts';
import { findObject, openObject, readRoute, signIn } from '../console.ts';
import { confirm } from '../dialogs.ts';
import {
  applyPolicy,
  cloneForTest,
  createPolicy,
  deleteTestVm,
  diskUri,
  ensureInstalled,
  expectTask,
} from '../lab-vms.ts';

const VM = 'ledger01';
const TEST = 'ledger01-test';
const RECOVERED = 'ledger01-recovered';
const STAND_IN = 'ledger01-failover';
const MOVED = 'ledger01-moved';
const POLICY = 'Replicated';
const BOOKMARK = 'before the change';
const LONG = { timeout: 120_000 };

test.describe.configure({ mode: 'serial', retries: 0, timeout: 600_000 });

test.beforeEach(async ({ page }) => {
  needTools('qemu-io');
  await signIn(page);
});

test('1 a policy replicates a disk in use to the second site', async ({ page }) => {
  await page.goto('/replication-targets');
  await expect(page.getByRole('row', { name: /Recovery site/ })).toContainText('Connected');
  await expectAccessible(page);
  await ensureInstalled(page, 'replication');
  const id = await cloneForTest(page, 'web02', { name: VM });
  await qemuIo(await diskUri(page, id), 'write -P 0x11 0 1M', 'flush');
  await createPolicy(page, POLICY, { service: 'Replication' });
  await applyPolicy(page, VM, POLICY);
  await openObject(page, VM, 'tab=replication');
  const disk = page.getByRole('article', { name: 'Hard disk 1' });
  await expect(disk.getByText('In sync', { exact: true })).toBeVisible(LONG);
  await expect(page.getByRole('slider', { name: 'Moment' })).toBeVisible(LONG);
  await expectAccessible(page);
});

test('2 a moment gets a name, and then the disk is damaged', async ({ page }) => {
  const id = await openObject(page, VM, 'tab=replication');
  await qemuIo(await diskUri(page, id), 'write -P 0x22 0 1M', 'flush');
  await page.getByRole('button', { name: 'Add bookmark…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(BOOKMARK);
  await expectAccessible(page);
  await confirm(dialog, 'Add');
  await qemuIo(await diskUri(page, id), 'write -P 0x33 0 1M', 'flush');
  const named = page.getByRole('button', { name: new RegExp(BOOKMARK) });
  await expect(named).toBeEnabled(LONG);
});

test('3 a test of a failover has the moment, and ends without a trace', async ({ page }) => {
  await openObject(page, VM, 'tab=replication');
  await page.getByRole('button', { name: new RegExp(BOOKMARK) }).click();
  await page.getByRole('button', { name: 'Test failover…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('It can be tested')).toBeVisible();
  await expectAccessible(page);
  await confirm(dialog, 'Start test');
  await expectTask(page, 'Test failover', TEST);
  expect(await contentOf(page, TEST)).toBe('0x22');
  await openObject(page, TEST, 'tab=replication');
  await page.getByRole('button', { name: 'End test…' }).click();
  await confirm(dialog, 'End test');
  await expectTask(page, 'End failover test', TEST);
  await openObject(page, VM, 'tab=replication');
  await expect(recoveryOf(page, TEST)).toContainText('Ended');
});

test('4 the moment is recovered as a virtual machine of its own', async ({ page }) => {
  await openObject(page, VM, 'tab=replication');
  await page.getByRole('button', { name: new RegExp(BOOKMARK) }).click();
  await page.getByRole('button', { name: 'Recover…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('It can be recovered')).toBeVisible();
  await confirm(dialog, 'Recover');
  await expectTask(page, 'Recover virtual machine', RECOVERED);
  expect(await contentOf(page, RECOVERED)).toBe('0x22');
  expect(await contentOf(page, VM)).toBe('0x33');
  await expect(recoveryOf(page, RECOVERED)).toContainText('Completed');
  await deleteTestVm(page, RECOVERED);
});

test('5 a failover says what is lost, has the newest moment, and is undone', async ({ page }) => {
  await openObject(page, VM, 'tab=replication');
  await page.getByRole('button', { name: 'Fail over…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('What is lost')).toBeVisible();
  await expect(dialog.getByText(/A planned move would lose nothing/)).toBeVisible();
  await expectAccessible(page);
  await confirm(dialog, 'Fail over');
  await expectTask(page, 'Fail over virtual machine', VM);
  expect(await contentOf(page, STAND_IN)).toBe('0x33');
  await expect(page.getByText(`${STAND_IN} stands in for ${VM}, which cannot`)).toBeVisible();
  await expect(recoveryOf(page, STAND_IN)).toContainText('Stands in, to be decided');
  await expectAccessible(page);
  await expectTask(page, 'Recover virtual machine', STAND_IN);
  await page.getByRole('button', { name: 'Undo failover…' }).click();
  await confirm(dialog, 'Undo failover');
  await expectTask(page, 'Undo failover', VM);
  await expect(recoveryOf(page, STAND_IN)).toContainText('Undone');
  expect(await contentOf(page, VM)).toBe('0x33');
});

test('6 a planned move loses nothing, and so does the way back', async ({ page }) => {
  const id = await openObject(page, VM, 'tab=replication');
  await qemuIo(await diskUri(page, id), 'write -P 0x11 0 1M', 'flush');
  await move(page, VM, MOVED);
  expect(await contentOf(page, MOVED)).toBe('0x11');
  await commit(page, VM, MOVED);
  await move(page, MOVED, VM);
  expect(await contentOf(page, VM)).toBe('0x11');
  for (const name of [VM, MOVED]) await deleteTestVm(page, name);
});

async function move(page: Page, from: string, to: string): Promise<void> {
  await openObject(page, from, 'tab=replication');
  const disk = page.getByRole('article', { name: 'Hard disk 1' });
  await expect(disk.getByText('In sync', { exact: true })).toBeVisible(LONG);
  const button = page.getByRole('button', { name: 'Planned move…' });
  await expect(button).not.toHaveAttribute('aria-disabled', 'true', LONG);
  await button.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(to);
  await expect(dialog.getByText('It can be moved')).toBeVisible();
  await confirm(dialog, 'Move');
  await expectTask(page, 'Planned move of virtual machine', from);
  await expect(recoveryOf(page, to)).toContainText('None');
  await expectTask(page, 'Recover virtual machine', to);
}

/** The source goes, and what stands in for it is replicated. */
async function commit(page: Page, source: string, standIn: string): Promise<void> {
  await openObject(page, source, 'tab=replication');
  const button = page.getByRole('button', { name: 'Commit…' });
  await expect(button).not.toHaveAttribute('aria-disabled', 'true');
  await button.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox', { name: `Delete ${source} and its disks` }).click();
  await dialog.getByLabel(`Type ${source} to confirm`).fill(source);
  await expect(dialog.getByText('It can be committed')).toBeVisible();
  await expectAccessible(page);
  await confirm(dialog, 'Commit');
  await expectTask(page, 'Commit failover', source);
  await openObject(page, standIn, 'tab=replication');
}

/** Its row among the recoveries and tests; the tasks below name it as well. */
function recoveryOf(page: Page, name: string): Locator {
  const table = page.getByRole('grid', { name: 'Recoveries and tests' });
  return table.getByRole('row', { name: new RegExp(name) });
}

/** The byte that the first MiB is full of. */
async function contentOf(page: Page, name: string): Promise<string> {
  const { id } = await findObject(page, name);
  const vm = await readRoute(page, 'readVm', { id });
  expect(vm.powerState).toBe('poweredOn');
  for (const byte of ['0x11', '0x22', '0x33']) {
    const uri = await diskUri(page, id);
    const said = await qemuIo(uri, `read -P ${byte} 0 1M`).catch((error: unknown) => String(error));
    if (said.includes('read 1048576/1048576') && !said.includes('verification')) return byte;
  }
  return 'something else';
}
