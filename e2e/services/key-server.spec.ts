// A KMIP key server in the browser: PyKMIP runs beside the lab, its provider is added with files,
// asked, lost and found again, and chosen in a policy that encrypts a disk.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Locator, type Page, test } from '@playwright/test';
import { havePykmip, TestKmipServer } from '#lib/controller/keys/test-kmip-server.ts';
import { expectAccessible } from '../accessibility.ts';
import { needTools, qemuIo } from '../clients.ts';
import { openObject, readRoute, signIn } from '../console.ts';
import { confirm } from '../dialogs.ts';
import {
  applyPolicy,
  cloneForTest,
  createPolicy,
  deleteTestVm,
  diskUri,
  ensureInstalled,
} from '../lab-vms.ts';

const PROVIDER = 'key-server';
const VM = 'served01';
const POLICY = 'Encrypted by the key server';

let folder = '';
let kms: TestKmipServer | null = null;

test.describe.configure({ mode: 'serial', retries: 0, timeout: 240_000 });

test.beforeAll(async () => {
  test.skip(!havePykmip(), 'not installed: python3-pykmip');
  folder = await mkdtemp(join(tmpdir(), 'sluice-e2e-kmip-'));
  kms = await TestKmipServer.start(folder);
});
test.afterAll(async () => {
  await kms?.stop();
  if (folder !== '') await rm(folder, { recursive: true, force: true });
});
test.beforeEach(({ page }) => signIn(page));

test('1 a key server is added with its certificates', async ({ page }) => {
  const { address = '', port = 0 } = kms?.access ?? {};
  await page.goto('/key-providers');
  await page.getByRole('button', { name: 'Add KMIP key provider…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(PROVIDER);
  await dialog.getByLabel('Address').fill(address);
  await dialog.getByLabel('Port').fill(String(port));
  await dialog.getByLabel('CA certificate').setInputFiles(join(folder, 'ca.pem'));
  await dialog.getByLabel('Client certificate').setInputFiles(join(folder, 'server.log'));
  await expect(dialog.getByText('This is no file in PEM form.')).toBeVisible();
  await dialog.getByLabel('Client certificate').setInputFiles(join(folder, 'client.pem'));
  await dialog.getByLabel('Private key').setInputFiles(join(folder, 'client.key'));
  await expectAccessible(page);
  await confirm(dialog, 'Add');
  await expect(row(page)).toContainText(`${address}:${port}`);
  await expectAccessible(page);
});

test('2 a policy names it, and a disk is encrypted with its key', async ({ page }) => {
  needTools('qemu-io');
  await page.goto('/');
  await ensureInstalled(page, 'encryption');
  const id = await cloneForTest(page, 'web02', { name: VM });
  const fill = async (form: Locator) => {
    await form.getByLabel('Key provider').click();
    await expect(page.getByRole('option', { name: /^The default one/ })).toBeVisible();
    await page.getByRole('option', { name: new RegExp(`^${PROVIDER}`) }).click();
  };
  await createPolicy(page, POLICY, { service: 'Encryption', fill });
  await applyPolicy(page, VM, POLICY);
  await openObject(page, VM);
  await expect(page.getByText(new RegExp(`^Key .* of ${PROVIDER}$`))).toBeVisible();
  const said = await qemuIo(await diskUri(page, id), 'write -P 7 0 64k', 'read -P 7 0 64k');
  expect(said).not.toContain('verification failed');
});

test('3 while the server is away, the provider says so', async ({ page }) => {
  await kms?.stop();
  await page.goto('/key-providers');
  await page.getByRole('button', { name: `Actions of ${PROVIDER}` }).click();
  await page.getByRole('menuitem', { name: 'Check connection…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('Not connected', { exact: true })).toBeVisible();
  await expectAccessible(page);
  await kms?.resume();
  await dialog.getByRole('button', { name: 'Check again' }).click();
  await expect(dialog.getByText('Connected', { exact: true })).toBeVisible();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(row(page)).toContainText('127.0.0.1');
  await deleteTestVm(page, VM);
  // Else the other tests would see the alarm of a server that has ended.
  const policies = await readRoute(page, 'listPolicies');
  const providers = await readRoute(page, 'listKeyProviders');
  await remove(page, 'policies', policies.find(({ name }) => name === POLICY)?.id);
  await remove(page, 'key-providers', providers.find(({ name }) => name === PROVIDER)?.id);
});

async function remove(page: Page, kind: string, id = ''): Promise<void> {
  const headers = { Origin: new URL(page.url()).origin };
  const answer = await page.request.delete(`/api/v1/${kind}/${id}`, { headers });
  expect(answer.ok(), await answer.text()).toBe(true);
}

function row(page: Page): Locator {
  return page.getByRole('row', { name: new RegExp(PROVIDER) });
}
