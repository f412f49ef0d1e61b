// A host that does not answer during an installation: the cluster says which and why, DRS and the
// filter do not go together until Resolve has mended it, and no VM with the filter can go there.
import { expect, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { chooseFilter, endedTask, findObject, openObject, readRoute, signIn } from './console.ts';
import { keepDown } from './processes.ts';

const FILTERS = 'tab=configure&section=io-filters';
/** A host that does not answer counts as failed after some patience. */
const FAIL_MS = 90_000;

test.describe.configure({ mode: 'serial', timeout: 300_000 });

test.beforeEach(async ({ page }) => {
  await signIn(page);
});

test('a host that does not answer fails alone, DRS says why, and Resolve mends it', async ({
  page,
}) => {
  const letUp = await keepDown('esx03');
  try {
    await openObject(page, 'Prod', FILTERS);
    await chooseFilter(page, 'entropy');
    const failed = page.getByText('Failed on 1 of 3 hosts', { exact: true });
    await expect(failed).toBeVisible({ timeout: FAIL_MS });
    expect((await endedTask(page, 'Install IO Filter', 'Prod')).state).toBe('error');
    const conflict = page.getByText(/DRS and the I\/O filter entropy do not go together/);
    await expect(conflict.first()).toBeVisible();
    await expectAccessible(page);
  } finally {
    await letUp();
  }
  const { id } = await findObject(page, 'esx03');
  await expect
    .poll(async () => (await readRoute(page, 'readHost', { id })).connectionState, {
      timeout: 60_000,
    })
    .toBe('connected');
  await page.getByRole('button', { name: 'Resolve' }).click();
  const hosts = page.getByRole('list', { name: 'Hosts of entropy' });
  await expect(hosts.getByText('Installed', { exact: true })).toHaveCount(3, { timeout: 60_000 });
  await expect(page.getByText(/do not go together/)).toHaveCount(0);
});
