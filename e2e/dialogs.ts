// What is done by clicks again and again: a menu's entry, the confirmation of a dialog, the clone
// wizard.
import { expect, type Locator, type Page } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';

/** Clicks the button of a dialog, which closes when the call was taken. */
export async function confirm(dialog: Locator, verb: string): Promise<void> {
  const button = dialog.getByRole('button', { name: verb, exact: true });
  await expect(button).not.toHaveAttribute('aria-disabled', 'true');
  await button.click();
  await expect(dialog).toHaveCount(0);
}

/** An entry of the Actions menu of the object's page: `fromMenu(page, 'Power', 'Suspend…')`. */
export async function fromMenu(page: Page, ...names: string[]): Promise<void> {
  const [entry = '', group] = names.reverse();
  await page.getByRole('button', { name: 'Actions', exact: true }).click();
  if (group) await page.getByRole('menuitem', { name: group, exact: true }).hover();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

/** Through the wizard with what it proposes; `powerOn` when the clone shall run at once. */
export async function walkClone(
  page: Page,
  name: string,
  { verb, powerOn }: { verb: string; powerOn: boolean } = { verb: 'Clone', powerOn: false },
): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Next' }).click();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Next' }).click();
  if (powerOn) await dialog.getByRole('checkbox', { name: /^Power on/ }).click();
  await expect(dialog.getByText('It can be cloned')).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Next' }).click();
  await confirm(dialog, verb);
}
