// The depot: what is in a VIB, and an edited one that is refused with the reason.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { readRoute, signIn } from './console.ts';
import { dataFolder } from './processes.ts';

test.beforeEach(async ({ page }) => {
  await signIn(page);
});

test('a VIB shows who signed it, its files and checksums', async ({ page }) => {
  const vibs = await readRoute(page, 'listDepotVibs');
  const cache = vibs.find(({ inspection }) => inspection.filter?.name === 'cache');
  expect(cache).toBeDefined();
  await page.goto(`/depot/vibs/${cache?.id}`);
  await expect(page.getByText(cache?.inspection.signers[0]?.subject ?? '?')).toBeVisible();
  await expect(page.getByText('Trusted', { exact: true })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('tab', { name: 'Configure' }).click();
  const [payload] = cache?.inspection.descriptor.payloads ?? [];
  await expect(page.getByText(payload?.checksums[0]?.value ?? '?')).toBeVisible();
});

test('an edited VIB is refused, and says why', async ({ page }) => {
  const folder = path.join(dataFolder(), 'depot', 'vibs');
  const file = readdirSync(folder).find((name) => name.includes('_cache_')) ?? '';
  const bytes = readFileSync(path.join(folder, file));
  // The payload is the last member: a byte near the end is one of its own.
  const at = bytes.length - 100;
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  const before = await readRoute(page, 'listDepotVibs');
  await page.goto('/depot?dialog=uploadVib');
  const dialog = page.getByRole('dialog');
  await dialog.locator('input[type=file]').setInputFiles({
    name: 'edited.vib',
    mimeType: 'application/octet-stream',
    buffer: bytes,
  });
  await expect(dialog.getByText('edited.vib was not taken')).toBeVisible();
  await expect(dialog.getByRole('alert')).toContainText(/checksum/i);
  await expectAccessible(page);
  expect(await readRoute(page, 'listDepotVibs')).toHaveLength(before.length);
});
