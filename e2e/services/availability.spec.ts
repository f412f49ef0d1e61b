// vSphere HA of a cluster by clicks: switched on, a VM given a restart priority of its own, and
// everything put back for the other tests.
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from '../accessibility.ts';
import { endedTask, openObject, signIn } from '../console.ts';
import { confirm } from '../dialogs.ts';

const CLUSTER = 'Prod';
const LABEL = 'Reconfigure cluster';

test.describe.configure({ timeout: 240_000 });

test('vSphere HA is switched on, with a priority of one VM, and off again', async ({ page }) => {
  await signIn(page);
  await page.goto('/');
  await openObject(page, CLUSTER, 'tab=configure&section=ha');
  await expect(page.getByText('All have the restart priority of the cluster.')).toBeVisible();
  await expectAccessible(page);

  await edit(page, async () => {
    await page.getByRole('dialog').getByRole('checkbox', { name: 'vSphere HA is on' }).click();
    await expectAccessible(page);
  });
  await expect(page.getByText('Connected', { exact: true })).toHaveCount(3);
  await expect(page.getByText('Host failures cluster tolerates: 1')).toBeVisible();

  await page.getByRole('button', { name: 'Add…' }).click();
  await choose(page, 'Virtual machine', 'web01');
  await choose(page, 'Restart priority', 'Highest');
  await expectAccessible(page);
  await confirm(page.getByRole('dialog'), 'Save');
  expect((await endedTask(page, LABEL, CLUSTER)).state).toBe('success');
  const own = page.getByRole('button', { name: 'Edit the restart priority of web01' });
  await expect(own).toBeVisible();
  await expectAccessible(page);

  await own.click();
  await choose(page, 'Restart priority', /^That of the cluster/);
  await confirm(page.getByRole('dialog'), 'Save');
  await expect(own).toHaveCount(0);
  await edit(page, () =>
    page.getByRole('dialog').getByRole('checkbox', { name: 'vSphere HA is on' }).click(),
  );
});

async function edit(page: Page, change: () => Promise<void>): Promise<void> {
  await page.getByRole('button', { name: 'Edit…', exact: true }).click();
  await change();
  await confirm(page.getByRole('dialog'), 'Save');
  expect((await endedTask(page, LABEL, CLUSTER)).state).toBe('success');
}

async function choose(page: Page, label: string, option: string | RegExp): Promise<void> {
  await page.getByRole('dialog').getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: option }).click();
}
