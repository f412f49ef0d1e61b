// What makes a disk faster and what holds it back, by clicks: a policy with a cache that writes
// back, filled in from its schema, then one with a limit of IOPS; the charts show what they do to
// the built-in workload.
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from '../accessibility.ts';
import { needTools, qemuIo } from '../clients.ts';
import { openObject, readRoute, signIn } from '../console.ts';
import {
  applyPolicy,
  cloneForTest,
  createPolicy,
  deleteTestVm,
  diskUri,
  ensureInstalled,
  postWell,
} from '../lab-vms.ts';

const VM = 'fast01';
const CACHED = 'Cached, write back';
const LIMITED = 'Limited';
const LIMIT_IOPS = 200;
const LOG_MIB = 16;
const DISK = 2000;

// The VM of the first test is that of the second.
test.describe.configure({ mode: 'serial', retries: 0, timeout: 240_000 });

test.beforeEach(async ({ page }) => {
  needTools('qemu-io');
  await signIn(page);
  await page.goto('/');
});

test('1 a cache writes back, and its hit ratio moves under a workload', async ({ page }) => {
  await ensureInstalled(page, 'cache');
  const id = await cloneForTest(page, 'web02', { name: VM });
  await createPolicy(page, CACHED, {
    service: 'Caching',
    fill: async (form) => {
      await form.getByLabel('Writes').click();
      await page.getByRole('option', { name: 'Write back' }).click();
      await form.getByLabel('Write-back log, MiB').fill('1');
      await expect(form.getByText('8 to 16384').first()).toBeVisible();
      await form.getByLabel('Write-back log, MiB').fill(String(LOG_MIB));
      await form.getByLabel('Size, MiB').fill('1024');
    },
  });
  await applyPolicy(page, VM, CACHED);
  await expect(page.getByText('Write back', { exact: true })).toBeVisible();
  await expect(page.getByText(`${LOG_MIB} MiB of flash`, { exact: true })).toBeVisible();

  // What is written is in the cache: all of it is read from there.
  await qemuIo(await diskUri(page, id), 'write -P 0x77 0 16M', 'flush');
  await startWorkload(page, id);
  await openObject(page, VM, 'tab=monitor&section=performance&filter=cache');
  await expect(page.getByRole('heading', { name: 'Measured by cache' })).toBeVisible();
  const ratio = page.getByRole('img', { name: /Hit ratio: now [1-9][\d.]* %/ });
  await expect(ratio).toBeVisible({ timeout: 60_000 });
  const held = page.getByRole('img', { name: /^Amounts\. Used: now [1-9][\d.]* [KM]iB/ });
  await expect(held).toBeVisible();
  await expectAccessible(page);
  await stopWorkloads(page, id);
  const read = await qemuIo(await diskUri(page, id), 'read 0 16M');
  expect(read).toContain('read 16777216/16777216');
});

test('2 a limit holds a disk back, and the charts show it', async ({ page }) => {
  await ensureInstalled(page, 'qos');
  await createPolicy(page, LIMITED, {
    service: 'Storage I/O control',
    fill: (form) => form.getByLabel('IOPS limit, IOPS').fill(String(LIMIT_IOPS)),
  });
  await applyPolicy(page, VM, LIMITED);
  const { id } = await readVmNamed(page);
  await startWorkload(page, id);
  await openObject(page, VM, 'tab=monitor&section=performance&filter=qos');
  const iops = page.getByRole('img', { name: /^IOPS\. Reads: now / });
  await expect(iops).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('heading', { name: 'Measured by qos' })).toBeVisible();
  // A burst of one second may come first; from then on no second has more than the limit.
  const since = Date.now();
  await expect
    .poll(async () => (await samplesSince(page, id, since)).length, { timeout: 60_000 })
    .toBeGreaterThan(6);
  const rates = (await samplesSince(page, id, since)).slice(3).map(({ disks }) => {
    const disk = disks.find(({ diskKey }) => diskKey === DISK);
    return (disk?.read.iops ?? 0) + (disk?.write.iops ?? 0);
  });
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  expect(mean).toBeGreaterThan(0);
  expect(mean).toBeLessThan(LIMIT_IOPS * 1.1);
  // What it shows comes a little later; a burst would have four digits and a comma.
  await expect(iops).toHaveAttribute('aria-label', /^IOPS\. Reads: now [12]?\d?\d(\.\d+)?, /);
  await expectAccessible(page);
  await deleteTestVm(page, VM);
});

async function readVmNamed(page: Page) {
  const found = (await readRoute(page, 'listVms')).find(({ name }) => name === VM);
  if (!found) throw new Error(`There is no ${VM}.`);
  return found;
}

/** Random reads within the first part of the disk, as many as it answers. */
async function startWorkload(page: Page, id: string): Promise<void> {
  await postWell(page, `/api/v1/vms/${id}/workloads`, {
    diskKey: DISK,
    workload: {
      kind: 'generator',
      pattern: 'randread',
      readPercent: 100,
      blockBytes: 4096,
      queueDepth: 4,
      rateIops: 0,
      durationSeconds: 120,
    },
  });
}

async function stopWorkloads(page: Page, id: string): Promise<void> {
  const { workloads } = await readRoute(page, 'listWorkloads', { id });
  for (const workload of workloads) {
    await page.request.delete(`/api/v1/vms/${id}/workloads/${workload.id}`, {
      headers: { Origin: new URL(page.url()).origin },
    });
  }
}

async function samplesSince(page: Page, id: string, since: number) {
  const { samples } = await readRoute(page, 'readSamples', { id });
  return samples.filter(({ at }) => at > since);
}
