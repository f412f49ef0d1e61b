// A recorded vSCSI trace, version 1 and version 2: uploaded into the depot, then played against a
// disk from the VM's page. A file that is no trace is refused.
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { openObject, readRoute, signIn } from './console.ts';

const RECORDS = 500;
const READ_10 = 0x28;
const WRITE_10 = 0x2a;

test.beforeEach(async ({ page }) => {
  await signIn(page);
});

for (const version of [1, 2] as const) {
  test(`a trace of version ${version} is uploaded and played`, async ({ page }, { retry }) => {
    const name = `recorded-v${version}-${retry}.vscsi`;
    await uploadTrace(page, name, recordTrace(version));
    await expect(page.getByRole('row').filter({ hasText: name })).toContainText(String(RECORDS));
    await expectAccessible(page);

    const id = await openObject(page, 'db01', 'tab=monitor&section=workload');
    await page.getByRole('button', { name: 'Start a workload…' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: 'Recorded trace' }).click();
    await dialog.getByLabel('Trace', { exact: true }).click();
    await page.getByRole('option', { name }).click();
    await dialog.getByLabel('Speed').fill('0');
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Start', exact: true }).click();
    await expect(page.getByText(`Trace ${name}`)).toBeVisible();
    await expect
      .poll(async () => {
        const { workloads } = await readRoute(page, 'listWorkloads', { id });
        const played = [...workloads].sort((a, b) => b.startedAt - a.startedAt)[0];
        return played && { state: played.state, ios: played.completedIos, errors: played.errors };
      })
      .toEqual({ state: 'finished', ios: RECORDS, errors: 0 });
    await expect(page.getByText('Finished', { exact: true }).first()).toBeVisible();
  });
}

test('a file that is no trace is refused', async ({ page }) => {
  await uploadTrace(page, 'letter.txt', Buffer.from('Dear reader, this is no trace.'.repeat(8)));
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('letter.txt was not taken')).toBeVisible();
  await expect(dialog.getByRole('alert')).toContainText('not a vSCSI trace');
});

async function uploadTrace(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.goto('/depot?tab=traces&dialog=uploadTrace');
  const input = page.getByRole('dialog').locator('input[type=file]');
  await input.setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
}

/** Reads and writes of 4 KiB in turn over the first 2 MiB, a tenth of a millisecond apart. */
function recordTrace(version: 1 | 2): Buffer {
  const size = version === 1 ? 32 : 40;
  const bytes = Buffer.alloc(RECORDS * size);
  for (let index = 0; index < RECORDS; index++) {
    const record = bytes.subarray(index * size, (index + 1) * size);
    const first = version === 1;
    record.writeUInt32LE(index, first ? 0 : 4);
    record.writeUInt32LE(4096, first ? 4 : 8);
    record.writeUInt32LE(1, first ? 8 : 12);
    record.writeUInt16LE(index % 2 === 0 ? READ_10 : WRITE_10, first ? 12 : 0);
    record.writeUInt16LE(version << 8, first ? 14 : 2);
    record.writeBigUInt64LE(BigInt((index * 8) % 4096), 16);
    record.writeBigUInt64LE(BigInt(index * 100), 24);
    if (!first) record.writeBigUInt64LE(50n, 32);
  }
  return bytes;
}
