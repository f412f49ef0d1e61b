// Everything that is done to whole disks, by clicks, against real processes and real clients:
// snapshots under a workload, going back, growing, adding and removing, clones, storage migration,
// suspending. What stands on the disks is read back through the data path or out of the files. Each
// test builds on the one before.
import { existsSync } from 'node:fs';
import { expect, type Locator, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import {
  type FioRun,
  nbdInfo,
  needTools,
  qemuImgInfo,
  qemuIo,
  readFileWithQemu,
  startFio,
  stopClients,
} from './clients.ts';
import { endedTask, findObject, openObject, postFromPage, readRoute, signIn } from './console.ts';
import { confirm, fromMenu, walkClone } from './dialogs.ts';
import { descriptorOf } from './lab-vms.ts';

const VM = 'files01';
const FULL = 'files02';
const LINKED = 'files03';
const GIB = 1024 ** 3;
/** Behind the area in which fio writes. */
const MARK = '512M 64k';

// What the first run left behind would fail a second.
test.describe.configure({ mode: 'serial', retries: 0, timeout: 240_000 });

test.beforeEach(async ({ page }) => {
  needTools('fio', 'qemu-io', 'qemu-img', 'nbdinfo');
  await signIn(page);
});

test.afterEach(stopClients);

test('1 a snapshot is taken while a client writes, and qemu-img reads the chain', async ({
  page,
}) => {
  const id = await openObject(page, VM, 'tab=snapshots');
  const { uri } = await firstDisk(page, id);
  await qemuIo(uri, `write -P 0xaa ${MARK}`, 'flush');
  await expect(page.getByText(`${VM} has no snapshots`)).toBeVisible();
  const fio = await workload(page, id);
  await page.getByRole('button', { name: 'Take snapshot…' }).last().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('before the upgrade');
  await expectAccessible(page);
  await confirm(dialog, 'Take snapshot');
  expect(await outcome(page, 'Create virtual machine snapshot', VM)).toBe('success');
  await expect(page.getByText('You are here').first()).toBeVisible();
  await expect(page.getByRole('button', { name: /before the upgrade/ })).toBeVisible();
  await expectAccessible(page);
  expect(await qemuImgInfo((await firstDisk(page, id)).file)).toContain('backing file:');
  await fio.endWell();
});

test('2 going back gives up what was written since, and says so first', async ({ page }) => {
  const id = await openObject(page, VM, 'tab=snapshots');
  await qemuIo((await firstDisk(page, id)).uri, `write -P 0xbb ${MARK}`, 'flush');
  await page.getByRole('button', { name: /before the upgrade/ }).click();
  await page.getByRole('button', { name: 'Revert…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('What was written since is lost')).toBeVisible();
  await expect(dialog.getByText(`${VM} is powered off`)).toBeVisible();
  await expectAccessible(page);
  await confirm(dialog, 'Revert');
  expect(await outcome(page, 'Revert snapshot', VM)).toBe('success');
  await page.getByRole('button', { name: 'Power on', exact: true }).click();
  await confirm(dialog, 'Power on');
  expect(await outcome(page, 'Power On virtual machine', VM)).toBe('success');
  await expectMark(page, id, '0xaa');
});

test('3 deleting merges while a client writes, and nothing of it is lost', async ({ page }) => {
  const id = await openObject(page, VM, 'tab=snapshots');
  await qemuIo((await firstDisk(page, id)).uri, `write -P 0xcc ${MARK}`, 'flush');
  const fio = await workload(page, id);
  await page.getByRole('button', { name: 'Delete all…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(`${VM} stays as it is now`)).toBeVisible();
  await confirm(dialog, 'Delete all');
  expect(await outcome(page, 'Remove all snapshots', VM)).toBe('success');
  await expect(page.getByText(`${VM} has no snapshots`)).toBeVisible();
  await fio.endWell();
  const { file } = await firstDisk(page, id);
  expect(await qemuImgInfo(file)).not.toContain('backing file:');
  await expectMark(page, id, '0xcc');
});

test('4 a disk grows while it is in use', async ({ page }) => {
  const id = await openObject(page, VM, 'tab=configure&section=virtual-disks');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Grow Hard disk 1…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Grow' })).toHaveAttribute(
    'aria-disabled',
    'true',
  );
  await dialog.getByLabel('New size').fill('2');
  await expectAccessible(page);
  await confirm(dialog, 'Grow');
  expect(await outcome(page, 'Reconfigure virtual machine', VM)).toBe('success');
  const { uri } = await firstDisk(page, id);
  expect(await nbdInfo(uri)).toContain(`export-size: ${2 * GIB}`);
  await qemuIo(uri, 'write -P 0xdd 1536M 64k', 'flush');
  expect(await qemuIo(uri, 'read -P 0xdd 1536M 64k')).not.toContain('verification failed');
  await expectMark(page, id, '0xcc');
});

test('5 a disk is added and removed while the virtual machine runs', async ({ page }) => {
  const id = await openObject(page, VM, 'tab=configure&section=virtual-disks');
  await page.getByRole('button', { name: 'Add disk…' }).click();
  const dialog = page.getByRole('dialog');
  await expectRawPhysicalRefused(page, dialog);
  await dialog.getByRole('radio', { name: 'New disk' }).click();
  await dialog.getByLabel('Size').fill('64');
  await dialog.getByLabel('Unit').click();
  await page.getByRole('option', { name: 'MiB' }).click();
  await expect(dialog.getByText('It can be added')).toBeVisible();
  await expectAccessible(page);
  await confirm(dialog, 'Add');
  expect(await outcome(page, 'Reconfigure virtual machine', VM)).toBe('success');
  await expect(page.getByRole('cell', { name: /^Hard disk 2 scsi/ })).toBeVisible();
  const added = (await readRoute(page, 'readVm', { id })).disks[1];
  await qemuIo(`${added?.nbdUri}`, 'write -P 0x11 0 1M', 'read -P 0x11 0 1M');
  const file = await descriptorOf(page, added);
  expect(existsSync(file)).toBe(true);

  await page.getByRole('button', { name: 'Remove Hard disk 2…' }).click();
  await dialog.getByRole('radio', { name: 'Delete them from the datastore' }).click();
  const remove = dialog.getByRole('button', { name: 'Remove and delete' });
  await expect(remove).toHaveAttribute('aria-disabled', 'true');
  await dialog.getByLabel('Type Hard disk 2 to confirm').fill('Hard disk 2');
  await expectAccessible(page);
  await confirm(dialog, 'Remove and delete');
  expect(await outcome(page, 'Reconfigure virtual machine', VM)).toBe('success');
  await expect(page.getByRole('cell', { name: /^Hard disk 2 scsi/ })).toHaveCount(0);
  expect(existsSync(file)).toBe(false);
});

test('6 a full clone of a running virtual machine has its data', async ({ page }) => {
  await openObject(page, VM);
  await fromMenu(page, 'Clone', 'Clone to virtual machine…');
  await walkClone(page, FULL);
  expect(await outcome(page, 'Clone virtual machine', VM)).toBe('success');
  const { id } = await findObject(page, FULL);
  const { file } = await firstDisk(page, id);
  expect(await readFileWithQemu(file, `read -P 0xcc ${MARK}`)).not.toContain('verification failed');
  const source = await readRoute(page, 'readVm', { id: (await findObject(page, VM)).id });
  expect(source.snapshots).toEqual([]);
});

test('7 a linked clone builds on a snapshot, which it holds', async ({ page }) => {
  const id = await openObject(page, VM, 'tab=snapshots');
  const taken = { name: 'golden', description: '', quiesce: false };
  expect((await postFromPage(page, `/api/v1/vms/${id}/snapshots`, taken)).status).toBe(200);
  expect(await outcome(page, 'Create virtual machine snapshot', VM)).toBe('success');
  await page.getByRole('button', { name: /golden/ }).click();
  await page.getByRole('button', { name: 'Linked clone…' }).click();
  await walkClone(page, LINKED);
  expect(await outcome(page, 'Clone virtual machine', VM)).toBe('success');
  const { file } = await firstDisk(page, (await findObject(page, LINKED)).id);
  expect(await qemuImgInfo(file)).toContain('backing file:');
  expect(await readFileWithQemu(file, `read -P 0xcc ${MARK}`)).not.toContain('verification failed');
  const held = page.getByRole('button', { name: 'Delete…', exact: true });
  await held.hover();
  const why = page.getByText(`${LINKED} is a linked clone`).filter({ visible: true });
  await expect(why.first()).toBeVisible();
  await expectAccessible(page);
});

test('7 a host that enters maintenance mode hands on what is off, when asked to', async ({
  page,
}) => {
  const { id } = await findObject(page, FULL);
  const before = await readRoute(page, 'readVm', { id });
  expect(before.powerState).toBe('poweredOff');
  const host = before.host.name;
  await openObject(page, host);
  await page.getByRole('button', { name: 'Enter maintenance mode…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox', { name: /^Move powered-off and suspended/ }).click();
  await expectAccessible(page);
  await confirm(dialog, 'Enter maintenance mode');
  expect(await outcome(page, 'Enter maintenance mode', host)).toBe('success');
  expect((await readRoute(page, 'readVm', { id })).host.name).not.toBe(host);
  await page.getByRole('button', { name: 'Exit maintenance mode…' }).click();
  await confirm(dialog, 'Exit maintenance mode');
  expect(await outcome(page, 'Exit maintenance mode', host)).toBe('success');
});

test('8 clones are deleted after their names were typed, then the snapshot', async ({ page }) => {
  for (const name of [LINKED, FULL]) {
    const id = await openObject(page, name);
    const { file } = await firstDisk(page, id);
    await page.getByRole('button', { name: 'Actions', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Delete from disk…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(`Type ${name} to confirm`).fill(name);
    await confirm(dialog, 'Delete');
    expect(await outcome(page, 'Delete virtual machine', name)).toBe('success');
    expect(existsSync(file)).toBe(false);
  }
  await openObject(page, VM, 'tab=snapshots');
  await page.getByRole('button', { name: 'Delete all…' }).click();
  await confirm(page.getByRole('dialog'), 'Delete all');
  expect(await outcome(page, 'Remove all snapshots', VM)).toBe('success');
  await page.getByRole('button', { name: 'Actions', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Snapshots', exact: true }).hover();
  const consolidate = page.getByRole('menuitem', { name: 'Consolidate disks…' });
  await expect(consolidate).toHaveAttribute('aria-disabled', 'true');
});

test('9 the disks move to another datastore while a client writes', async ({ page }) => {
  const id = await openObject(page, VM);
  const before = await firstDisk(page, id);
  const fio = await workload(page, id);
  await page.getByRole('button', { name: 'Migrate…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: 'Storage only' }).click();
  await expect(dialog.getByRole('row', { name: /nfs-01/ })).toContainText('It is here');
  await dialog.getByRole('radio', { name: 'vmfs-01' }).check();
  await expect(dialog.getByText('It can be moved there')).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Migrate', exact: true }).click();
  await expect(dialog.getByText('Its disks are on vmfs-01 now')).toBeVisible({ timeout: 120_000 });
  await fio.endWell();
  const vm = await readRoute(page, 'readVm', { id });
  expect([vm.datastore.name, vm.disks[0]?.datastore.name]).toEqual(['vmfs-01', 'vmfs-01']);
  expect(existsSync((await firstDisk(page, id)).file)).toBe(true);
  expect(existsSync(before.file)).toBe(false);
  await expectMark(page, id, '0xcc');
});

test('10 one disk alone goes to another datastore, and the home stays', async ({ page }) => {
  const id = await openObject(page, VM);
  await page.getByRole('button', { name: 'Migrate…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: 'Storage only' }).click();
  await dialog.getByRole('checkbox', { name: 'Configure per disk' }).click();
  await dialog.getByLabel('Datastore of Hard disk 1').click();
  await page.getByRole('option', { name: /^nfs-01/ }).click();
  await expect(dialog.getByText('Hard disk 1 is copied to nfs-01.')).toBeVisible();
  await expect(dialog.getByText('It can be moved there')).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Migrate', exact: true }).click();
  await expect(dialog.getByText('Its disks are moved')).toBeVisible({ timeout: 120_000 });
  const vm = await readRoute(page, 'readVm', { id });
  expect([vm.datastore.name, vm.disks[0]?.datastore.name]).toEqual(['vmfs-01', 'nfs-01']);
  await expectMark(page, id, '0xcc');
});

test('11 it is suspended, shows it, and goes on with its data', async ({ page }) => {
  const id = await openObject(page, VM);
  await fromMenu(page, 'Power', 'Suspend…');
  const dialog = page.getByRole('dialog');
  await confirm(dialog, 'Suspend');
  expect(await outcome(page, 'Suspend virtual machine', VM)).toBe('success');
  await expect(page.getByText('Suspended', { exact: true }).first()).toBeVisible();
  const node = page.getByRole('tree').getByRole('treeitem', { name: new RegExp(VM) });
  await expect(node.getByRole('img', { name: /suspended/ })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Resume' }).click();
  await confirm(dialog, 'Resume');
  expect(await outcome(page, 'Power On virtual machine', VM)).toBe('success');
  await expectMark(page, id, '0xcc');
});

test('12 a datastore says what it is, how full, and who reaches it', async ({ page }) => {
  await openObject(page, 'vmfs-01');
  await expect(page.getByRole('progressbar', { name: 'Provisioned on vmfs-01' })).toBeVisible();
  const remove = page.getByRole('button', { name: 'Delete…' });
  await expect(remove).toHaveAttribute('aria-disabled', 'true');
  await expectAccessible(page);
  await openObject(page, 'vmfs-01', 'tab=configure');
  await expect(page.getByRole('button', { name: 'Unmount on esx01…' })).toBeVisible();
  await expectAccessible(page);
  await page.goto('/datastores?dialog=createDatastore');
  await expect(page.getByRole('dialog').getByRole('radio', { name: 'vSAN' })).toBeVisible();
  await expectAccessible(page);
});

test('13 vSAN and vVol datastores show their objects, and where each copy lies', async ({
  page,
}) => {
  await openObject(page, 'vsan-01', 'tab=objects');
  const table = page.getByRole('grid', { name: 'Objects' });
  await expect(table.getByRole('row', { name: /Copy esx0/ })).toHaveCount(2);
  await expect(table.getByRole('row', { name: /Witness esx0/ })).toHaveCount(1);
  await expectAccessible(page);
  await openObject(page, 'vvol-01', 'tab=objects');
  await expect(table.getByRole('row', { name: /Bound to esx0.*Volume/ })).toHaveCount(1);
  await expectAccessible(page);
});

/** The first disk of the VM: its NBD address ('' while it is off), and its descriptor as a file. */
async function firstDisk(page: Page, id: string): Promise<{ uri: string; file: string }> {
  const [disk] = (await readRoute(page, 'readVm', { id })).disks;
  return { uri: disk?.nbdUri ?? '', file: await descriptorOf(page, disk) };
}

async function expectMark(page: Page, id: string, pattern: string): Promise<void> {
  // Until its server listens again, a client is refused.
  const read = async () =>
    qemuIo((await firstDisk(page, id)).uri, `read -P ${pattern} ${MARK}`).catch(String);
  await expect.poll(read, { timeout: 60_000 }).toContain('read 65536/65536 bytes');
  expect(await read()).not.toContain('verification failed');
}

/** fio that verifies what it writes, once its connection is there. */
async function workload(page: Page, id: string): Promise<FioRun> {
  const fio = startFio((await firstDisk(page, id)).uri);
  await expect
    .poll(async () => (await readRoute(page, 'readVm', { id })).disks[0]?.connections)
    .toBeGreaterThan(0);
  return fio;
}

async function outcome(page: Page, label: string, target: string): Promise<string> {
  const { state, fault } = await endedTask(page, label, target);
  return fault ? `${state}: ${fault.message}` : state;
}

async function expectRawPhysicalRefused(page: Page, dialog: Locator): Promise<void> {
  await dialog.getByRole('radio', { name: 'Raw device' }).click();
  await dialog.getByLabel('Device or NBD address').fill('nbd://127.0.0.1:1/none');
  await dialog.getByRole('radio', { name: 'Physical' }).click();
  await expect(dialog.getByText('This is not possible', { exact: true })).toBeVisible();
  const remedy = 'Map the device in virtual compatibility mode.';
  await expect(dialog.getByText(remedy, { exact: true })).toBeVisible();
  await expectAccessible(page);
}
