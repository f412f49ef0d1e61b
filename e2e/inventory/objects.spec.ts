// Objects as an administrator orders them: put into folders, renamed, tagged and annotated, and
// found again by their tags; what is not empty stays. The lab is left as it was.
import { expect, type Locator, type Page, test } from '@playwright/test';
import { expectAccessible } from '../accessibility.ts';
import { openObject, readRoute, signIn } from '../console.ts';
import { confirm, fromMenu } from '../dialogs.ts';
import { expectTask } from '../lab-vms.ts';

const VM = 'web02';
const FOLDER = 'Shop floor';
const DATACENTER = 'Lab';

test.describe.configure({ mode: 'serial', retries: 0, timeout: 240_000 });
test.beforeEach(({ page }) => signIn(page));

const inTree = (page: Page, name: string): Locator =>
  page.getByRole('tree').getByRole('treeitem', { name });

/** An entry of the context menu of a node of the tree. */
async function fromTree(page: Page, node: string, entry: string): Promise<void> {
  await inTree(page, node).first().click({ button: 'right' });
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

async function moveTo(page: Page, place: string): Promise<void> {
  await fromMenu(page, 'Move to folder…');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: 'To' }).click();
  await page.getByRole('option', { name: place }).click();
  await expect(dialog.getByText('It can be moved there')).toBeVisible();
  await expectAccessible(page);
  await confirm(dialog, 'Move');
  await expectTask(page, 'Move into folder', place);
}

test('1 a virtual machine is put into a folder and renamed', async ({ page }) => {
  await openObject(page, VM);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'VMs and templates' }).click();
  await fromTree(page, DATACENTER, 'New VM and template folder…');
  await dialog.getByLabel('Name').fill(FOLDER);
  await expectAccessible(page);
  await confirm(dialog, 'Create');
  await expect(inTree(page, FOLDER)).toHaveAttribute('aria-level', '2');
  await moveTo(page, FOLDER);
  await expect(inTree(page, VM)).toHaveAttribute('aria-level', '3');

  await fromMenu(page, 'Rename…');
  await dialog.getByLabel('Name').fill('web01');
  await dialog.getByRole('button', { name: 'Rename', exact: true }).click();
  await expect(dialog.getByText('There is a virtual machine web01 already.')).toBeVisible();
  await dialog.getByLabel('Name').fill('till 7');
  await confirm(dialog, 'Rename');
  await expect(page.getByRole('heading', { level: 1, name: 'till 7' })).toBeVisible();
  await expect(inTree(page, 'till 7')).toBeVisible();
  await fromMenu(page, 'Rename…');
  await dialog.getByLabel('Name').fill(VM);
  await confirm(dialog, 'Rename');
  await expect(page.getByRole('heading', { level: 1, name: VM })).toBeVisible();
});

test('2 tags and custom attributes are made, given, and found', async ({ page }) => {
  const dialog = page.getByRole('dialog');
  await page.goto('/tags');
  await expect(page.getByText('No tags yet')).toBeVisible();
  await page.getByRole('button', { name: 'New category…' }).click();
  await dialog.getByLabel('Name').fill('Environment');
  await expectAccessible(page);
  await confirm(dialog, 'Create');
  await page.getByRole('button', { name: 'New tag…' }).click();
  await dialog.getByLabel('Name').fill('gold');
  await confirm(dialog, 'Create');
  const grid = page.getByRole('grid');
  await expect(grid.getByRole('row', { name: /gold/ })).toContainText('Environment');
  await page.getByRole('tab', { name: /^Custom attributes/ }).click();
  await page.getByRole('button', { name: 'Add an attribute…' }).click();
  await dialog.getByLabel('Name').fill('Owner');
  await confirm(dialog, 'Add');
  await expectAccessible(page);

  await openObject(page, VM);
  await page.getByRole('button', { name: 'Assign tags…' }).click();
  await dialog.getByRole('checkbox', { name: 'gold' }).click();
  await expectAccessible(page);
  await confirm(dialog, 'Save');
  await expect(page.getByRole('list', { name: 'Tags' })).toHaveText('Environment: gold');
  await page.getByRole('button', { name: 'Edit attributes…' }).click();
  await dialog.getByLabel('Owner').fill('Ann Gruber');
  await confirm(dialog, 'Save');
  await expect(page.getByText('Ann Gruber')).toBeVisible();

  await page.goto('/vms');
  await page.getByRole('searchbox', { name: 'Search Virtual machines' }).fill('tags:gold');
  await expect(grid).toHaveAttribute('aria-rowcount', '2');
  await expect(grid.getByRole('row', { name: new RegExp(VM) })).toContainText('gold');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('gold');
  await expect(page.getByRole('option', { name: new RegExp(VM) })).toBeVisible();
});

test('3 what is not empty stays, and all is taken away again', async ({ page }) => {
  const dialog = page.getByRole('dialog');
  const { nodes } = await readRoute(page, 'readInventory');
  const folder = nodes.find(({ name }) => name === FOLDER);
  await page.goto(`/folders/${folder?.id}?dialog=deleteObject&object=${folder?.id}`);
  const refusal = dialog.getByText(`${FOLDER} holds 1 virtual machine: ${VM}.`);
  await expect(refusal.first()).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('tab', { name: /^Contents/ }).click();
  const grid = page.getByRole('grid');
  await expect(grid.getByRole('row', { name: new RegExp(VM) })).toBeVisible();
  await expectAccessible(page);
  await openObject(page, VM);
  await moveTo(page, DATACENTER);
  await page.goto(`/folders/${folder?.id}`);
  await fromMenu(page, 'Delete…');
  await confirm(dialog, 'Delete');
  await expectTask(page, 'Delete folder', FOLDER);
  await expect(inTree(page, FOLDER)).toHaveCount(0);

  await page.goto('/tags?tab=categories');
  await page.getByRole('button', { name: 'Actions of Environment' }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await expect(dialog.getByText('1 of them is assigned to objects')).toBeVisible();
  await confirm(dialog, 'Delete');
  await page.getByRole('tab', { name: /^Custom attributes/ }).click();
  await page.getByRole('button', { name: 'Actions of Owner' }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await confirm(dialog, 'Delete');
  await expect(page.getByText('No custom attributes yet')).toBeVisible();
  const { tags } = await readRoute(page, 'listTags');
  expect(tags).toEqual([]);
});
