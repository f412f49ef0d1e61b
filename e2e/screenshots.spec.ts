// Writes the pictures that README shows, from the product as the tests left it: a VM's I/O path
// under load, and the filters of a cluster. Set SLUICE_SCREENSHOTS=1 to write them; else it only
// looks.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { openObject, postFromPage, signIn } from './console.ts';

const FOLDER = path.join(import.meta.dirname, '..', 'docs', 'images');

test.use({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });

test.beforeEach(async ({ page }) => {
  await signIn(page);
});

test('the I/O path of a virtual machine under load', async ({ page }) => {
  const id = await openObject(page, 'web01', 'tab=monitor&section=io-path');
  const started = await postFromPage(page, `/api/v1/vms/${id}/workloads`, {
    diskKey: 2000,
    workload: {
      kind: 'generator',
      pattern: 'randread',
      readPercent: 100,
      blockBytes: 4096,
      queueDepth: 8,
      rateIops: 0,
      durationSeconds: 30,
    },
  });
  expect(started.status).toBe(200);
  const trace = page.getByRole('region', { name: 'Last traced I/Os' });
  await expect(trace.getByRole('row').nth(5)).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/^Live, /)).toBeVisible();
  await picture(page, 'vm-io-path');
});

test('the I/O filters of a cluster', async ({ page }) => {
  await openObject(page, 'Prod', 'tab=configure&section=io-filters');
  await expect(page.getByText('Installed on 3 of 3 hosts').first()).toBeVisible();
  await picture(page, 'cluster-io-filters');
});

async function picture(page: Page, name: string): Promise<void> {
  if (process.env.SLUICE_SCREENSHOTS !== '1') return;
  mkdirSync(FOLDER, { recursive: true });
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`), animations: 'disabled' });
}
