// The life of a policy after it was assigned: edited, out of date, applied again; what is in use is
// not deleted and not uninstalled; power off and on keep the filters.
import { expect, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { endedTask, findObject, openObject, readRoute, signIn } from './console.ts';

const VM = 'web01';
const POLICY = 'Traced';

test.describe.configure({ mode: 'serial', timeout: 120_000 });

test.beforeEach(async ({ page }) => {
  await signIn(page);
});

test('an edited policy is out of date on its disks until it is applied again', async ({ page }) => {
  const policies = await readRoute(page, 'listPolicies');
  const policy = policies.find(({ name }) => name === POLICY);
  await page.goto(`/policies/${policy?.id}`);
  await page.getByRole('button', { name: 'Edit…' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Next' }).click();
  await dialog.getByLabel(/latency/i).fill('8');
  await dialog.getByRole('button', { name: 'Next' }).click();
  await dialog.getByRole('button', { name: 'Next' }).click();
  await expect(dialog.getByText(/out of date until it is applied again/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);

  await openObject(page, VM, 'tab=configure&section=disks');
  await expect(page.getByText('Out of date', { exact: true })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Apply the policy again…' }).click();
  await expect(dialog.getByText('This can be applied')).toBeVisible();
  await dialog.getByRole('button', { name: 'Apply', exact: true }).click();
  await expect(page.getByText('Compliant', { exact: true })).toBeVisible();
  expect((await endedTask(page, 'Reconfigure virtual machine', VM)).state).toBe('success');
});

test('what is in use is neither deleted nor uninstalled, and says by whom', async ({ page }) => {
  const policies = await readRoute(page, 'listPolicies');
  await page.goto(`/policies/${policies.find(({ name }) => name === POLICY)?.id}`);
  const remove = page.getByRole('button', { name: 'Delete…' });
  await expect(remove).toHaveAttribute('aria-disabled', 'true');
  await remove.focus();
  await expect(page.getByRole('tooltip')).toContainText(VM);

  await openObject(page, 'Prod', 'tab=configure&section=io-filters');
  const part = page.getByRole('listitem').filter({ hasText: 'trace 1.0.0' });
  const uninstall = part.getByRole('button', { name: 'Uninstall…' });
  await expect(uninstall).toHaveAttribute('aria-disabled', 'true');
  await uninstall.focus();
  await expect(page.getByRole('tooltip')).toContainText(`${VM} (Hard disk 1)`);
});

test('power off and on again keep the filters of the disk', async ({ page }) => {
  const { id } = await findObject(page, VM);
  await openObject(page, VM);
  await page.getByRole('button', { name: 'Actions', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Power', exact: true }).hover();
  await page.getByRole('menuitem', { name: 'Power off…' }).click();
  const dialog = page.getByRole('dialog');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Power off' }).click();
  await expect(page.getByText('Powered off', { exact: true }).first()).toBeVisible();
  await expect(page.getByText('None while powered off').first()).toBeVisible();
  await page.getByRole('button', { name: 'Power on' }).click();
  await dialog.getByRole('button', { name: 'Power on' }).click();
  await expect(page.getByText('Powered on', { exact: true }).first()).toBeVisible();
  await expect
    .poll(async () => (await readRoute(page, 'readVm', { id })).disks[0]?.nbdUri)
    .not.toBeNull();
  const vm = await readRoute(page, 'readVm', { id });
  expect(vm.disks[0]?.filters.map(({ name }) => name)).toEqual(['trace']);
});
