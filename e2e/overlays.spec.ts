// Menus, hints, popovers and the palette: their code comes when they are first used, and pointer,
// keys and focus do what they should from the first time on.
import { expect, test } from '@playwright/test';
import { openObject, signIn } from './console.ts';

test.beforeEach(async ({ page }) => {
  await signIn(page);
  await openObject(page, 'esx01');
});

test('a menu opens and closes by its button, and gives the focus back', async ({ page }) => {
  const button = page.getByRole('button', { name: 'Actions', exact: true });
  const menu = page.getByRole('menu');
  await button.click();
  await expect(menu).toBeVisible();
  await button.click();
  await expect(menu).toBeHidden();
  await button.press('ArrowDown');
  await expect(menu).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await expect(button).toBeFocused();
  await button.click();
  await page.mouse.click(700, 500);
  await expect(menu).toBeHidden();
});

test('the context menu of the tree stands at the pointer, by key at the row', async ({ page }) => {
  const node = page.getByRole('treeitem', { name: 'esx01' });
  await node.click({ button: 'right' });
  const menu = page.getByRole('menu');
  await expect(menu).toContainText('Host esx01');
  await page.keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await page.getByRole('treeitem', { name: 'esx02' }).click({ button: 'right' });
  await expect(menu).toContainText('Host esx02');
});

test('a hint comes on hover and on focus, and goes by Escape', async ({ page }) => {
  const bell = page.getByRole('button', { name: 'Appearance' });
  const hint = page.getByRole('tooltip');
  await bell.hover();
  await expect(hint).toHaveText('Appearance');
  await page.keyboard.press('Escape');
  await expect(hint).toBeHidden();
  await page.mouse.move(700, 500);
  await page.getByRole('button', { name: 'Pages' }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Shift+Tab');
  await expect(hint).toHaveText('Pages');
});

test('the palette takes what is typed, and goes where it says', async ({ page }) => {
  await page.keyboard.press('Control+K');
  await page.getByRole('combobox', { name: 'Search' }).fill('web01');
  await page.getByRole('option', { name: /web01/ }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'web01' })).toBeVisible();
});

test('the alarms open below the bell', async ({ page }) => {
  const bell = page.getByRole('button', { name: /alarm/ }).first();
  await bell.click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await bell.click();
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('a column is filtered from its header', async ({ page }) => {
  await page.goto('/vms');
  await page.getByRole('button', { name: 'Filter Power' }).click();
  const box = page.getByRole('dialog', { name: 'Filter Power' });
  await box.getByRole('checkbox').first().click();
  await expect(page.getByRole('searchbox', { name: 'Search Virtual machines' })).not.toHaveValue(
    '',
  );
});
