// The life of a template: a virtual machine is converted to one, another is deployed from it, it
// is converted back, and all that is deleted.
import { expect, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { needTools, qemuIo } from './clients.ts';
import { findObject, openObject, readRoute, signIn } from './console.ts';
import { confirm, fromMenu, walkClone } from './dialogs.ts';
import { cloneForTest, deleteTestVm, diskUri, expectTask } from './lab-vms.ts';

const SOURCE = 'web02';
const TEMPLATE = 'golden01';
const DEPLOYED = 'deployed01';

test('a template is made, deployed from, converted back and deleted', async ({ page }) => {
  test.setTimeout(240_000);
  needTools('qemu-io');
  await signIn(page);
  await page.goto('/');
  const id = await cloneForTest(page, SOURCE, { name: TEMPLATE });
  await qemuIo(await diskUri(page, id), 'write -P 0x77 1M 64k', 'flush');
  await openObject(page, TEMPLATE);
  const dialog = page.getByRole('dialog');
  await fromMenu(page, 'Power', 'Power off…');
  await confirm(dialog, 'Power off');
  await expectTask(page, 'Power Off virtual machine', TEMPLATE);
  await fromMenu(page, 'Clone', 'Convert to template…');
  await confirm(dialog, 'Convert');
  await expectTask(page, 'Mark virtual machine as template', TEMPLATE);
  await expect(page.getByText('Template', { exact: true }).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Power on' })).toHaveCount(0);
  const node = page.getByRole('tree').getByRole('treeitem', { name: new RegExp(TEMPLATE) });
  await expect(node.getByRole('img', { name: /template/i })).toBeVisible();
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Deploy virtual machine…' }).click();
  await walkClone(page, DEPLOYED, { verb: 'Deploy', powerOn: true });
  await expectTask(page, 'Clone virtual machine', TEMPLATE);
  const deployed = await findObject(page, DEPLOYED);
  await expectTask(page, 'Power On virtual machine', DEPLOYED);
  await expect.poll(() => diskUri(page, deployed.id)).not.toBe('');
  const read = await qemuIo(await diskUri(page, deployed.id), 'read -P 0x77 1M 64k');
  expect(read).toContain('read 65536/65536 bytes');
  expect(read).not.toContain('verification failed');

  await openObject(page, TEMPLATE);
  await fromMenu(page, 'Convert to virtual machine…');
  await confirm(dialog, 'Convert');
  await expectTask(page, 'Mark as virtual machine', TEMPLATE);
  await expect(page.getByRole('button', { name: 'Power on' })).toBeVisible();
  expect((await readRoute(page, 'readVm', { id })).isTemplate).toBe(false);
  for (const name of [TEMPLATE, DEPLOYED]) await deleteTestVm(page, name);
});
