// An online depot is added by its URL, fails, and brings a filter once its server has it; a
// resource pool keeps memory from others. By clicks; the lab is left as it was.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from '../accessibility.ts';
import { openObject, readRoute, signIn } from '../console.ts';
import { confirm, fromMenu } from '../dialogs.ts';
import { buildLedgerVib, LEDGER } from '../services/versioned-filter.ts';

const VERSION = '9.1.0';
const POOL = 'Till reserve';
const LONG = { timeout: 60_000 };

test.describe.configure({ mode: 'serial', retries: 0, timeout: 240_000 });
test.beforeEach(({ page }) => signIn(page));

let server: Server;
let url = '';
let offered: Uint8Array | null = null;

test.beforeAll(async () => {
  server = createServer((_, response) => {
    if (!offered) response.statusCode = 503;
    response.end(offered);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/ledger.vib`;
});
test.afterAll(() => void server.close());

async function rowAction(page: Page, entry: string): Promise<void> {
  await page.getByRole('button', { name: `Actions of ${url}` }).click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

test('1 an online depot says why it fails, and brings what it offers', async ({ page }) => {
  await page.goto('/depot?tab=online');
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Add an online depot…' }).first().click();
  await dialog.getByLabel('URL').fill(url);
  await expectAccessible(page);
  await confirm(dialog, 'Add');
  // Recent tasks, below, name the depot too.
  const grid = page.getByRole('grid', { name: 'Online depots' });
  const row = grid.getByRole('row', { name: new RegExp(url) });
  await expect(row).toContainText('503', LONG);
  await expectAccessible(page);
  offered = await buildLedgerVib(VERSION);
  await rowAction(page, 'Synchronize now');
  await expect(row).toContainText('Synchronized', LONG);
  const vibs = await readRoute(page, 'listDepotVibs');
  const brought = vibs.filter(({ addedBy }) => addedBy === url);
  expect(brought.map(({ inspection }) => inspection.filter?.name)).toEqual([LEDGER]);

  await rowAction(page, 'Schedule…');
  await expectAccessible(page);
  await dialog.getByRole('combobox', { name: 'Synchronize' }).click();
  await page.getByRole('option', { name: 'On demand only' }).click();
  await confirm(dialog, 'Change');
  await expect(row).toContainText('On demand');
  await rowAction(page, 'Remove…');
  await confirm(dialog, 'Remove');
  await expect(page.getByText('No online depots yet')).toBeVisible();
  const headers = { Origin: new URL(page.url()).origin };
  for (const { id } of brought) {
    const answer = await page.request.delete(`/api/v1/depot/vibs/${id}`, { headers });
    expect(answer.status(), await answer.text()).toBe(200);
  }
});

test('2 a resource pool takes virtual machines in, and keeps its reservation', async ({ page }) => {
  const cluster = await openObject(page, 'Prod');
  const dialog = page.getByRole('dialog');
  await fromMenu(page, 'New resource pool…');
  await dialog.getByLabel('Name').fill(POOL);
  await dialog.getByLabel('Memory reservation (MiB)').fill('999999999');
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('would reserve 999999999 MiB');
  await dialog.getByLabel('Memory reservation (MiB)').fill('64');
  await expectAccessible(page);
  await confirm(dialog, 'Create');
  const node = page.getByRole('tree').getByRole('treeitem', { name: POOL });
  await expect(node).toBeVisible();
  await node.click();
  await expect(page.getByRole('heading', { level: 1, name: POOL })).toBeVisible();
  await expect(page.getByText('64 MiB')).toBeVisible();
  await expectAccessible(page);

  await fromMenu(page, 'Move virtual machines here…');
  await dialog.getByRole('checkbox', { name: 'web02' }).click();
  await expectAccessible(page);
  await confirm(dialog, 'Move');
  await page.getByRole('tab', { name: /^Virtual machines/ }).click();
  await expect(page.getByRole('grid').getByRole('row', { name: /web02/ })).toBeVisible();
  await expectAccessible(page);

  await fromMenu(page, 'Delete…');
  await confirm(dialog, 'Delete');
  await expect(page).toHaveURL(new RegExp(`/clusters/${cluster}`));
  await expect(node).toHaveCount(0);
});
