// A virtual machine that another program made is imported by clicks, powered on, read by qemu-io
// through its data path, and deleted; a file that would reach beyond itself is refused on the page.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, type Locator, test } from '@playwright/test';
import { expectAccessible } from '../accessibility.ts';
import { needTools, qemuIo } from '../clients.ts';
import { endedTask, findObject, openObject, signIn } from '../console.ts';
import { confirm, fromMenu } from '../dialogs.ts';
import { deleteTestVm, diskUri, expectTask } from '../lab-vms.ts';

const VM = 'imported01';

test('a qcow2 image is imported, runs, and is deleted', async ({ page }) => {
  test.setTimeout(240_000);
  needTools('qemu-img', 'qemu-io');
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-e2e-import-'));
  const file = (name: string) => path.join(folder, name);
  const make = (...args: string[]) => execFileSync('qemu-img', args, { stdio: 'ignore' });
  try {
    make('create', '-f', 'qcow2', file(`${VM}.qcow2`), '64M');
    const write = ['-c', 'write -P 0x5a 1M 64k'];
    const form = ['-f', 'qcow2'];
    execFileSync('qemu-io', [...form, ...write, file(`${VM}.qcow2`)], { stdio: 'ignore' });
    make('create', '-f', 'qcow2', '-F', 'qcow2', '-b', file(`${VM}.qcow2`), file('overlay.qcow2'));
    await signIn(page);
    await openObject(page, 'Prod');
    await fromMenu(page, 'Import virtual machine…');
    const dialog = page.getByRole('dialog');
    const upload = dialog.locator('input[type="file"]');
    await upload.setInputFiles(file('overlay.qcow2'));
    await expect(dialog.getByText(/The image has a backing file/)).toBeVisible();
    await upload.setInputFiles(file(`${VM}.qcow2`));
    await expect(dialog.getByText(`${VM}.qcow2, qcow2`)).toBeVisible();
    await expect(dialog.getByLabel('Name')).toHaveValue(VM);
    await choose(dialog, 'Datastore');
    await dialog.getByRole('checkbox', { name: /^Power on/ }).click();
    await expect(dialog.getByText('It can be imported')).toBeVisible();
    await expectAccessible(page);
    await confirm(dialog, 'Import');
    const { state, fault } = await endedTask(page, 'Import virtual machine', VM);
    expect({ state, fault }).toEqual({ state: 'success', fault: null });
    await expectTask(page, 'Power On virtual machine', VM);
    const { id } = await findObject(page, VM);
    await expect.poll(() => diskUri(page, id)).not.toBe('');
    const uri = await diskUri(page, id);
    const read = await qemuIo(uri, 'read -P 0x5a 1M 64k', 'read -P 0 2M 1M', 'write 0 64k');
    expect(read).not.toContain('verification failed');
    await deleteTestVm(page, VM);
    // What was uploaded goes when the task has ended.
    const staged = path.join(process.env.SLUICE_E2E_DATA ?? '', 'depot', 'imports');
    await expect.poll(() => readdirSync(staged)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('files that lie on the server are read there', async ({ page }) => {
  needTools('qemu-img');
  const folder = path.join(process.env.SLUICE_E2E_DATA ?? '', 'import', 'old-web');
  mkdirSync(folder);
  try {
    const vmx = 'displayName = "old-web"\nscsi0:0.fileName = "old-web.vmdk"\n';
    writeFileSync(path.join(folder, 'old-web.vmx'), vmx);
    const image = ['-f', 'vmdk', '-o', 'subformat=monolithicFlat'];
    const disk = path.join(folder, 'old-web.vmdk');
    execFileSync('qemu-img', ['create', ...image, disk, '16M'], { stdio: 'ignore' });
    await signIn(page);
    await openObject(page, 'Prod');
    await fromMenu(page, 'Import virtual machine…');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Use files on the server' }).click();
    await dialog.getByRole('combobox', { name: 'File on the server' }).click();
    await page.getByRole('option', { name: /old-web\.vmx/ }).click();
    await dialog.getByRole('button', { name: 'Read it' }).click();
    await expect(dialog.getByLabel('Name')).toHaveValue('old-web');
    await expect(dialog.getByText('old-web-flat.vmdk, raw')).toBeVisible();
    await choose(dialog, 'Datastore');
    await expect(dialog.getByText('It can be imported')).toBeVisible();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    const staged = path.join(process.env.SLUICE_E2E_DATA ?? '', 'depot', 'imports');
    await expect.poll(() => readdirSync(staged)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The first that the list offers. */
async function choose(dialog: Locator, label: string): Promise<void> {
  await dialog.getByRole('combobox', { name: label }).click();
  await dialog.page().getByRole('option').first().click();
}
