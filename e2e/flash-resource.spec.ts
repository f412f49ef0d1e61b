// The virtual flash resource of a host, by clicks: its capacity is changed, it is removed and added
// again; a cluster shows those of its hosts side by side.
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { endedTask, openObject, readRoute, signIn } from './console.ts';
import { confirm } from './dialogs.ts';

const HOST = 'esx04';
const LABEL = 'Configure virtual flash resource';
const GIB = 2 ** 30;

test.describe.configure({ timeout: 240_000 });

test('capacity of a host is changed, removed and added', async ({ page }) => {
  await signIn(page);
  await page.goto('/');
  const id = await openObject(page, HOST, 'tab=configure&section=flash');
  const { capacityBytes } = await readRoute(page, 'readHostFlash', { id });
  const before = String(capacityBytes / GIB);
  await expectAccessible(page);

  await setCapacity(page, 'Change', '3');
  // Its capacity, and as much of it is free.
  await expect(page.getByText('3 GiB', { exact: true }).first()).toBeVisible({ timeout: 30_000 });

  await page.getByRole('button', { name: 'Remove…' }).click();
  await expectAccessible(page);
  await confirm(page.getByRole('dialog'), 'Remove');
  expect((await endedTask(page, LABEL, HOST)).state).toBe('success');
  await expect(page.getByText('This host has no virtual flash resource')).toBeVisible({
    timeout: 30_000,
  });

  await setCapacity(page, 'Add', before);
  await openObject(page, 'Prod', 'tab=configure&section=flash');
  // The host stands alone: a cluster shows its own.
  await expect(page.getByRole('row', { name: /^esx01 Working/ })).toBeVisible();
  await expectAccessible(page);
});

async function setCapacity(page: Page, verb: 'Add' | 'Change', gib: string): Promise<void> {
  await page.getByRole('button', { name: `${verb} capacity…` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Capacity').fill(gib);
  await confirm(dialog, verb);
  expect((await endedTask(page, LABEL, HOST)).state).toBe('success');
}
