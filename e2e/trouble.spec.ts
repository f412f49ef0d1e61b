// A host that does not answer during an installation: the cluster says which and why, DRS and the
// filter do not go together until Resolve has mended it, and no VM with the filter can go there.
import { expect, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { chooseFilter, findObject, openObject, readRoute, signIn } from './console.ts';
import { resumeProcess, stopProcess } from './processes.ts';

const FILTERS = 'tab=configure&section=io-filters';
/** The host's calls must time out before its part has failed. */
const FAIL_MS = 180_000;

test.describe.configure({ mode: 'serial', timeout: 300_000 });

test.beforeEach(async ({ page }) => {
  await signIn(page);
});

test('a host that does not answer fails alone, DRS says why, and Resolve mends it', async ({
  page,
}) => {
  stopProcess('esx03');
  try {
    await openObject(page, 'Prod', FILTERS);
    await chooseFilter(page, 'qos');
    await expect(page.getByText('Failed on 1 of 3 hosts')).toBeVisible({ timeout: FAIL_MS });
    await expect(page.getByText(/DRS and the I\/O filter qos do not go together/)).toBeVisible();
    await expectAccessible(page);
  } finally {
    resumeProcess('esx03');
  }
  const { id } = await findObject(page, 'esx03');
  await expect
    .poll(async () => (await readRoute(page, 'readHost', { id })).connectionState, {
      timeout: 60_000,
    })
    .toBe('connected');
  await page.getByRole('button', { name: 'Resolve' }).click();
  const hosts = page.getByRole('list', { name: 'Hosts of qos' });
  await expect(hosts.getByText('Installed', { exact: true })).toHaveCount(3, { timeout: 60_000 });
  await expect(page.getByText(/do not go together/)).toHaveCount(0);
});
