// What goes wrong with one virtual machine, for real: a filter that throws brings it down, and a
// full datastore makes it wait. Its page says what it is, and what mends it is a click away.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { needTools, qemuIo } from './clients.ts';
import { findObject, openObject, readRoute, signIn } from './console.ts';
import { cloneForTest, deleteTestVm, diskUri, expectTask, postWell } from './lab-vms.ts';
import { buildThrowingVib } from './throwing-filter.ts';

const run = promisify(execFile);
const FAULTY = 'faulty01';
const FULL = 'full01';
const SMALL = 'small-01';
/** Five ends of its process, with growing pauses between them. */
const GIVEN_UP_MS = 90_000;

test.describe.configure({ timeout: 300_000 });

test.beforeEach(async ({ page }) => {
  needTools('qemu-io');
  await signIn(page);
  await page.goto('/');
});

test('a filter that throws brings its own virtual machine down, and is detached', async ({
  page,
}) => {
  const id = await cloneForTest(page, 'app01', { name: FAULTY });
  await uploadThrowingFilter(page);
  await assignThrowing(page, id);
  await openObject(page, FAULTY);
  await expect(qemuIo(await diskUri(page, id), 'write -P 0xed 0 4k')).rejects.toThrow('failed');
  const raised = page.getByRole('status').filter({ hasText: 'throwing failed a write' });
  await raised.getByRole('button', { name: 'Acknowledge' }).click();
  await expect(raised).toHaveCount(0);
  await failUntilGivenUp(page, id);
  const banner = page.getByRole('alert').filter({ hasText: 'The I/O filter throwing brought' });
  await expect(banner).toContainText(`brought ${FAULTY} down`);
  await expect(banner).toContainText('not started again');
  await expect(page.getByText('Failed', { exact: true }).first()).toBeVisible();
  await expectAccessible(page);
  await expectAlarm(page, FAULTY, 'Detach the I/O filter throwing');

  await banner.getByRole('button', { name: 'Retry power on' }).click();
  await expect(banner).toHaveCount(0, { timeout: 60_000 });
  await expectTask(page, 'Power On virtual machine', FAULTY);
  await failUntilGivenUp(page, id);
  await banner.getByRole('button', { name: 'Detach throwing…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('This can be applied')).toBeVisible();
  await dialog.getByRole('button', { name: 'Apply', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expectTask(page, 'Reconfigure virtual machine', FAULTY);
  await banner.getByRole('button', { name: 'Retry power on' }).click();
  await expect(banner).toHaveCount(0, { timeout: 60_000 });
  await expectTask(page, 'Power On virtual machine', FAULTY);
  expect(await qemuIo(await diskUri(page, id), 'write -P 0xee 0 4k')).toContain('wrote 4096/4096');
  await deleteTestVm(page, FAULTY);
});

test('a virtual machine waits while its datastore is full; goes on by itself, or moves', async ({
  page,
}) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-full-'));
  await mountSmall(folder);
  try {
    await createSmall(page, folder);
    const id = await cloneForTest(page, 'app01', { name: FULL, datastore: SMALL });
    await openObject(page, FULL);
    const written = qemuIo(await diskUri(page, id), 'write -P 0x5a 0 96M', 'flush');
    const banner = page.getByRole('status').filter({ hasText: `${FULL} is paused` });
    await expect(banner).toContainText(`Make space on ${SMALL}`, { timeout: 60_000 });
    await expect(page.getByText('Paused: no space').first()).toBeVisible();
    await expectAccessible(page);
    await expectAlarm(page, FULL, `Delete or move something on ${SMALL}`);

    await expect(banner.getByRole('button', { name: 'Delete snapshots…' })).toHaveAttribute(
      'aria-disabled',
      'true',
    );
    await expect(banner.getByRole('button', { name: 'Power off…' })).toBeEnabled();
    await banner.getByRole('button', { name: `Show what is on ${SMALL}` }).click();
    await expect(page.getByRole('grid').getByRole('row', { name: FULL })).toBeVisible();
    await page.goBack();
    await run('mount', ['-o', 'remount,size=256m', folder]);
    expect(await written).toContain('wrote 100663296/100663296');
    await expect(banner).toHaveCount(0, { timeout: 60_000 });

    // It fills up again, and moves away by the banner, with the write that waits.
    const more = qemuIo(await diskUri(page, id), 'write -P 0x5b 128M 224M', 'flush');
    await banner.getByRole('button', { name: 'Migrate storage…' }).click({ timeout: 60_000 });
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: 'vmfs-01' }).check();
    await expect(dialog.getByText('It can be moved there')).toBeVisible();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Migrate', exact: true }).click();
    await expect(dialog.getByText('Its disks are on vmfs-01 now')).toBeVisible({
      timeout: 120_000,
    });
    await expect(banner).toHaveCount(0);
    expect(await more).toContain('wrote 234881024/234881024');
    const uri = await diskUri(page, id);
    const read = await qemuIo(uri, 'read -P 0x5a 0 96M', 'read -P 0x5b 128M 224M');
    expect(read).not.toContain('verification failed');
    await deleteTestVm(page, FULL);
    await deleteSmall(page);
  } finally {
    await run('umount', ['-l', folder]);
    await rm(folder, { recursive: true });
  }
});

async function uploadThrowingFilter(page: Page): Promise<void> {
  const buffer = await buildThrowingVib();
  await page.goto('/depot?dialog=uploadVib');
  const dialog = page.getByRole('dialog');
  await dialog.locator('input[type=file]').setInputFiles({
    name: 'throwing.vib',
    mimeType: 'application/octet-stream',
    buffer,
  });
  await expect
    .poll(async () => (await throwingVib(page))?.id, { message: 'it stands in the depot' })
    .toBeTruthy();
}

async function throwingVib(page: Page) {
  const vibs = await readRoute(page, 'listDepotVibs');
  return vibs.find(({ inspection }) => inspection.filter?.name === 'throwing');
}

async function assignThrowing(page: Page, vmId: string): Promise<void> {
  const computeResourceId = (await findObject(page, 'Prod')).id;
  const depotId = (await throwingVib(page))?.id ?? '';
  await postWell(page, '/api/v1/io-filters', { computeResourceId, depotId });
  await expectTask(page, 'Install IO Filter', 'Prod');
  const rules = [{ filterClass: 'inspection', provider: 'throwing', properties: {} }];
  await postWell(page, '/api/v1/policies', { name: 'Throwing', rules });
  const policies = await readRoute(page, 'listPolicies');
  const policyId = policies.find(({ name }) => name === 'Throwing')?.id ?? null;
  const answer = await page.request.put(`/api/v1/vms/${vmId}/policies`, {
    data: { assignments: [{ diskKey: 2000, policyId }] },
    headers: { Origin: new URL(page.url()).origin },
  });
  expect(answer.status(), await answer.text()).toBeLessThan(300);
  await expectTask(page, 'Reconfigure virtual machine', FAULTY);
}

/** Writes what makes it throw whenever it is served, until its host starts it no more. */
async function failUntilGivenUp(page: Page, id: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const { disks, worldMessage } = await readRoute(page, 'readVm', { id });
        const uri = disks[0]?.nbdUri;
        // While it is down, the client is refused: that is what is wanted.
        if (uri) await qemuIo(uri, 'write -P 0xee 0 4k').catch(() => undefined);
        return worldMessage;
      },
      { timeout: GIVEN_UP_MS, intervals: [500] },
    )
    .toContain('not started again');
}

async function expectAlarm(page: Page, vm: string, remedy: string): Promise<void> {
  await page.getByRole('button', { name: /alarm/ }).first().click();
  const alarms = page.getByRole('dialog').getByRole('listitem');
  await expect(alarms.filter({ hasText: vm }).filter({ hasText: remedy }).first()).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

/** A file system of its own that is small enough to be filled. */
async function mountSmall(folder: string): Promise<void> {
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', folder]);
  } catch (error) {
    if (process.env.CI && process.getuid?.() === 0) throw error;
    test.skip(true, 'a file system cannot be mounted here');
  }
}

async function createSmall(page: Page, folder: string): Promise<void> {
  await page.goto('/datastores?dialog=createDatastore');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: 'NFS' }).click();
  await dialog.getByLabel('Name').fill(SMALL);
  await dialog.getByLabel('Directory').fill(folder);
  await dialog.getByRole('checkbox', { name: 'All' }).click();
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect
    .poll(async () => {
      const found = (await readRoute(page, 'listDatastores')).find(({ name }) => name === SMALL);
      return found?.hosts.filter(({ accessible }) => accessible).length;
    })
    .toBe(4);
}

async function deleteSmall(page: Page): Promise<void> {
  await openObject(page, SMALL);
  await page.getByRole('button', { name: 'Delete…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByRole('treeitem', { name: SMALL })).toHaveCount(0);
  await expect
    .poll(async () => (await readRoute(page, 'listDatastores')).map(({ name }) => name))
    .not.toContain(SMALL);
}
