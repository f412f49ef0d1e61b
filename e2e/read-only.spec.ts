// Someone with the role Read-only sees all pages, unbroken; every action is refused with its reason
// before the click.
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { openObject, postFromPage, readRoute, signIn } from './console.ts';

const READER = { name: 'reader', password: 'reader-may-read-only' };
const READ_ONLY = -2;

test.beforeEach(async ({ page, browser }) => {
  const admin = await browser.newPage();
  await signIn(admin);
  const users = await readRoute(admin, 'listUsers');
  if (!users.some(({ name }) => name === READER.name)) {
    await admin.goto('/');
    const created = await postFromPage(admin, '/api/v1/users', {
      ...READER,
      fullName: 'Ada Reader',
      roleId: READ_ONLY,
    });
    expect(created.status).toBe(200);
  }
  await admin.close();
  await signIn(page, READER.name, READER.password);
});

test('actions are refused with the missing privilege, pages are whole', async ({ page }) => {
  await openObject(page, 'web01');
  await expectRefused(page, 'Migrate…', 'Resource.HotMigrate');
  await expectAccessible(page);
  await openObject(page, 'Prod', 'tab=configure&section=io-filters');
  await expectRefused(page, 'Install…', 'Host.Config.Patch');
  await openObject(page, 'esx01');
  await expectRefused(page, 'Enter maintenance mode…', 'Host.Config.Maintenance');
  await page.goto('/policies');
  await expectRefused(page, 'Create…', 'StorageProfile.Update');
  await page.goto('/depot');
  await expect(page.getByRole('row').filter({ hasText: 'trace' }).first()).toBeVisible();
  await expectAccessible(page);
});

async function expectRefused(page: Page, name: string, privilege: string): Promise<void> {
  const button = page.getByRole('button', { name }).first();
  await expect(button).toHaveAttribute('aria-disabled', 'true');
  await button.focus();
  await expect(page.getByRole('tooltip')).toContainText(privilege);
}
