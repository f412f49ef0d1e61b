// Keys and what they are for, by clicks: a key provider is added, a policy encrypts a disk in use,
// the disk gets another key, the provider is backed up, deleted and restored. What lies on the
// datastore is read behind the filters' backs.
import { open, readFile } from 'node:fs/promises';
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from '../accessibility.ts';
import { needTools, qemuIo } from '../clients.ts';
import { openObject, readRoute, signIn } from '../console.ts';
import { confirm, fromMenu } from '../dialogs.ts';
import {
  applyPolicy,
  cloneForTest,
  createPolicy,
  deleteTestVm,
  descriptorOf,
  diskUri,
  ensureInstalled,
  expectTask,
  postWell,
} from '../lab-vms.ts';

const VM = 'vault01';
const PROVIDER = 'vault-keys';
const OTHER = 'other-keys';
const POLICY = 'Encrypted';
const PASSWORD = 'a password of the backup';
/** What the guest writes; it must not be found on the datastore afterwards. */
const MARK = '0x5e';
const MARK_BYTES = 65_536;

test.describe.configure({ mode: 'serial', retries: 0, timeout: 240_000 });

test.beforeEach(async ({ page }) => {
  needTools('qemu-io');
  await signIn(page);
});

test('1 a key provider is added, and becomes the default one', async ({ page }) => {
  await page.goto('/key-providers');
  // The first one would be the default by itself.
  await postWell(page, '/api/v1/key-providers', { name: OTHER });
  await page
    .getByRole('button', { name: /^Add native key provider/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(PROVIDER);
  await expectAccessible(page);
  await confirm(dialog, 'Add');
  const row = page.getByRole('row', { name: new RegExp(PROVIDER) });
  await expect(row).toContainText('No keys yet');
  await rowMenu(page, 'Set as default');
  await expectAccessible(page);
  await confirm(dialog, 'Set as default');
  await expect(row).toContainText(`${PROVIDER} (default)`);
  await expectAccessible(page);
});

test('2 a policy encrypts a disk that is in use', async ({ page }) => {
  await page.goto('/');
  await ensureInstalled(page, 'encryption');
  const id = await cloneForTest(page, 'web02', { name: VM });
  await qemuIo(await diskUri(page, id), `write -P ${MARK} 0 64k`, 'flush');
  expect(await onDatastore(page, id)).toBe(true);
  await createPolicy(page, POLICY, { service: 'Encryption' });
  await applyPolicy(page, VM, POLICY);
  await expect(page.getByText('Compliant', { exact: true })).toBeVisible();
  await expect.poll(() => onDatastore(page, id), { timeout: 60_000 }).toBe(false);
  const read = await qemuIo(await diskUri(page, id), `read -P ${MARK} 0 64k`);
  expect(read).not.toContain('verification failed');
  await openObject(page, VM);
  await expect(page.getByText(new RegExp(`^Key .* of ${PROVIDER}$`))).toBeVisible();
  await page.goto(`/vms/${id}?tab=monitor&section=performance&filter=encryption`);
  await expect(page.getByRole('img', { name: /^Encrypted\. Encrypted: now 100 %/ })).toBeVisible({
    timeout: 60_000,
  });
  await expectAccessible(page);
});

test('3 it is encrypted anew with another key, while it runs', async ({ page }) => {
  const id = await openObject(page, VM);
  const before = await keyOf(page, id);
  await fromMenu(page, 'Re-encrypt…');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('radio', { name: /shallow/ })).toBeChecked();
  await dialog.getByRole('radio', { name: /deep/ }).click();
  await expectAccessible(page);
  await confirm(dialog, 'Re-encrypt');
  await expectTask(page, 'Re-encrypt virtual machine', VM);
  const after = await keyOf(page, id);
  expect(after).not.toBe(before);
  await expect(page.getByText(`Key ${after} of ${PROVIDER}`)).toBeVisible();
  const read = await qemuIo(await diskUri(page, id), `read -P ${MARK} 0 64k`);
  expect(read).not.toContain('verification failed');
});

test('4 a provider in use is not deleted; a backup brings it back', async ({ page }) => {
  await page.goto('/key-providers');
  const row = page.getByRole('row', { name: new RegExp(PROVIDER) });
  await expect(row).toContainText('in no backup');
  await openRowMenu(page);
  const entry = page.getByRole('menuitem', { name: 'Delete…' });
  await expect(entry).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('Escape');
  const file = await backUp(page);
  await expect(row).not.toContainText('in no backup');

  await deleteTestVm(page, VM);
  await rowMenu(page, 'Delete…');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(`Type ${PROVIDER} to confirm`).fill(PROVIDER);
  await expectAccessible(page);
  await confirm(dialog, 'Delete');
  await expect(row).toHaveCount(0);

  await page.getByRole('button', { name: 'Restore…' }).click();
  await dialog.locator('input[type=file]').setInputFiles(file);
  await expect(dialog.getByText(new RegExp(`keys? of ${PROVIDER}`))).toBeVisible();
  await dialog.getByLabel('Password').fill('not the password of it');
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await dialog.getByLabel('Password').fill(PASSWORD);
  await expectAccessible(page);
  await confirm(dialog, 'Restore');
  await expect(row).toBeVisible();
  expect((await provider(page))?.keyCount).toBeGreaterThan(1);
});

async function provider(page: Page) {
  return (await readRoute(page, 'listKeyProviders')).find(({ name }) => name === PROVIDER);
}

async function openRowMenu(page: Page): Promise<void> {
  await page.getByRole('button', { name: `Actions of ${PROVIDER}` }).click();
  await expect(page.getByRole('menu')).toBeVisible();
}

async function rowMenu(page: Page, entry: string): Promise<void> {
  await openRowMenu(page);
  await page.getByRole('menuitem', { name: entry }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
}

/** The file that the browser was given, as a path. */
async function backUp(page: Page): Promise<string> {
  await rowMenu(page, 'Back up…');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^Password(?! again)/).fill(PASSWORD);
  await dialog.getByLabel('Password again').fill('another password');
  await expect(dialog.getByText('It is not the same.')).toBeVisible();
  await dialog.getByLabel('Password again').fill(PASSWORD);
  await expectAccessible(page);
  const download = page.waitForEvent('download');
  await confirm(dialog, 'Back up');
  const file = await (await download).path();
  const text = await readFile(file, 'utf8');
  expect(JSON.parse(text)).toMatchObject({ format: 'sluice-key-backup-1', provider: PROVIDER });
  const named = test.info().outputPath('vault.keys.json');
  await (await download).saveAs(named);
  return named;
}

/** Whether the guest's bytes stand at the beginning of the disk's flat file as they are. */
async function onDatastore(page: Page, id: string): Promise<boolean> {
  const vm = await readRoute(page, 'readVm', { id });
  const descriptor = await descriptorOf(page, vm.disks[0]);
  const flat = await open(descriptor.replace(/\.vmdk$/, '-flat.vmdk'));
  try {
    const { buffer } = await flat.read(Buffer.alloc(MARK_BYTES), 0, MARK_BYTES, 0);
    return buffer.equals(Buffer.alloc(MARK_BYTES, Number(MARK)));
  } finally {
    await flat.close();
  }
}

async function keyOf(page: Page, id: string): Promise<string> {
  const [disk] = (await readRoute(page, 'readVm', { id })).disks;
  return String(disk?.filters.find(({ name }) => name === 'encryption')?.properties.keyId);
}
