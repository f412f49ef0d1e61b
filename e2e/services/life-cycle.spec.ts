// The life cycle of a filter and of a host in a cluster, by clicks: an upgrade whose dry run says
// on which host it will fail, and which serves a client all along; Resolve; a host that joins the
// cluster, gets its filters, and leaves again without them.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, type Locator, type Page, test } from '@playwright/test';
import { expectAccessible } from '../accessibility.ts';
import { needTools, startFio, stopClients } from '../clients.ts';
import { chooseFilter, endedTask, findObject, openObject, readRoute, signIn } from '../console.ts';
import { confirm, fromMenu } from '../dialogs.ts';
import {
  applyPolicy,
  cloneForTest,
  deleteTestVm,
  diskUri,
  expectTask,
  postWell,
} from '../lab-vms.ts';
import { dataFolder } from '../processes.ts';
import { buildLedgerVib, LEDGER } from './versioned-filter.ts';

const VM = 'billing01';
/** On a datastore that one host alone mounts: it cannot leave its host. */
const PINNED = 'pinned01';
const LOCAL = 'local-ledger';
const POLICY = 'Ledger';
const [OLD, NEW] = ['1.0.0', '1.1.0'];
const FILTERS = 'tab=configure&section=io-filters';
const LONG = { timeout: 120_000 };

// Each test builds on the one before.
test.describe.configure({ mode: 'serial', retries: 0, timeout: 300_000 });

test.beforeEach(async ({ page }) => {
  needTools('fio');
  await signIn(page);
});

test.afterEach(stopClients);

test('1 a filter of an older version is in use', async ({ page }) => {
  await page.goto('/depot?dialog=uploadVib');
  await page
    .getByRole('dialog')
    .locator('input[type=file]')
    .setInputFiles(await vibFile(OLD));
  await expect.poll(async () => (await ledgerVibs(page)).length, LONG).toBe(1);
  await openObject(page, 'Prod', FILTERS);
  await chooseFilter(page, LEDGER);
  await expectTask(page, 'Install IO Filter', 'Prod');
  const rules = [{ filterClass: 'inspection', provider: LEDGER, properties: {} }];
  await postWell(page, '/api/v1/policies', { name: POLICY, rules });
  await cloneForTest(page, 'web02', { name: VM });
  await applyPolicy(page, VM, POLICY);
  await createLocalDatastore(page);
  await cloneForTest(page, 'web02', { name: PINNED, datastore: LOCAL });
});

test('2 an upgrade says before where it fails, and Resolve ends it', async ({ page }) => {
  const { id } = await findObject(page, VM);
  const pinned = await readRoute(page, 'readVm', { id: (await findObject(page, PINNED)).id });
  const fio = startFio(await diskUri(page, id));
  await openObject(page, 'Prod', FILTERS);
  await walkUpgrade(page, pinned.host.name);
  const card = cardOf(page, NEW);
  await expect(card.getByText('Failed on 1 of 3 hosts', { exact: true })).toBeVisible(LONG);
  await expect(card.getByText(new RegExp(`${PINNED} cannot leave`)).first()).toBeVisible();
  expect((await endedTask(page, 'Upgrade IO Filter', 'Prod')).state).toBe('error');
  await expectAccessible(page);

  await postWell(page, `/api/v1/vms/${pinned.id}/power`, { powerState: 'poweredOff' });
  await expectTask(page, 'Power Off virtual machine', PINNED);
  await card.getByRole('button', { name: 'Resolve' }).click();
  await expect(card.getByText('Installed on 3 of 3 hosts', { exact: true })).toBeVisible(LONG);
  // It was on the host that failed, and has left it under its client's hands.
  const vm = await readRoute(page, 'readVm', { id });
  expect(vm.disks[0]?.filters).toMatchObject([{ name: LEDGER }]);
  await fio.endWell();
});

test('3 a host joins the cluster and gets its filters', async ({ page }) => {
  await openObject(page, 'esx04');
  await page.getByRole('button', { name: 'Enter maintenance mode…' }).click();
  await confirm(page.getByRole('dialog'), 'Enter maintenance mode');
  await expectTask(page, 'Enter maintenance mode', 'esx04');
  await moveHost(page, 'Prod');
  await openObject(page, 'Prod', FILTERS);
  const card = cardOf(page, NEW);
  await expect(card.getByText('Installed on 4 of 4 hosts', { exact: true })).toBeVisible(LONG);
});

test('4 it leaves the cluster, and its filters are gone', async ({ page }) => {
  await openObject(page, 'esx04');
  await moveHost(page, 'No cluster: a standalone host');
  const { id } = await findObject(page, 'esx04');
  const host = await readRoute(page, 'readHost', { id });
  expect(host.cluster).toBeNull();
  expect(host.vibs).toEqual([]);
  await page.getByRole('button', { name: 'Exit maintenance mode…' }).click();
  await confirm(page.getByRole('dialog'), 'Exit maintenance mode');
  await expectTask(page, 'Exit maintenance mode', 'esx04');
  await openObject(page, 'Prod', FILTERS);
  const card = cardOf(page, NEW);
  await expect(card.getByText('Installed on 3 of 3 hosts', { exact: true })).toBeVisible(LONG);
});

test('5 everything is taken away again', async ({ page }) => {
  await page.goto('/');
  for (const name of [VM, PINNED]) await deleteTestVm(page, name);
  const policies = await readRoute(page, 'listPolicies');
  await remove(page, `/policies/${policies.find(({ name }) => name === POLICY)?.id}`);
  const { id } = await findObject(page, 'Prod');
  const { filters } = await readRoute(page, 'readCluster', { id });
  const filterId = filters.find(({ name }) => name === LEDGER)?.filterId;
  await remove(page, `/clusters/${id}/io-filters/${filterId}`);
  await expectTask(page, 'Uninstall IO Filter', 'Prod');
  for (const vib of await ledgerVibs(page)) await remove(page, `/depot/vibs/${vib.id}`);
  await remove(page, `/datastores/${(await findObject(page, LOCAL)).id}`);
  await expectTask(page, 'Remove datastore', LOCAL);
});

/** Through the wizard, with the new VIB put into the depot on the way. */
async function walkUpgrade(page: Page, failing: string): Promise<void> {
  await cardOf(page, OLD).getByRole('button', { name: 'Upgrade…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(`no version of ${LEDGER} above ${OLD}`)).toBeVisible();
  await dialog.locator('input[type=file]').setInputFiles(await vibFile(NEW));
  await expect(dialog.getByRole('radio', { name: `${LEDGER} ${NEW}` })).toBeChecked();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Next' }).click();
  const hosts = dialog.getByRole('list', { name: 'Hosts' }).locator('> li');
  await expect(hosts).toHaveCount(3);
  const refused = hosts.filter({ hasText: failing });
  await expect(refused.getByText('Will fail', { exact: true })).toBeVisible();
  await expect(refused).toContainText(`${PINNED} cannot leave`);
  await expect(hosts.getByText('Upgrade', { exact: true })).toHaveCount(2);
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Next' }).click();
  await expect(dialog.getByText(`It will fail on ${failing} as things are.`)).toBeVisible();
  await confirm(dialog, 'Upgrade');
}

/** From the page of esx04. */
async function moveHost(page: Page, to: string): Promise<void> {
  await fromMenu(page, 'Move host…');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('To').click();
  await page.getByRole('option', { name: to }).click();
  await expect(dialog.getByText('The host can be moved')).toBeVisible();
  await expectAccessible(page);
  await confirm(dialog, 'Move');
  await expectTask(page, 'Move host', 'esx04');
}

/** The filter's part of the cluster's page. */
function cardOf(page: Page, version: string): Locator {
  const heading = page.getByRole('heading', { name: `${LEDGER} ${version}` });
  return page.getByRole('listitem').filter({ has: heading });
}

async function vibFile(version: string) {
  const name = `SLU_bootbank_${LEDGER}_${version}.vib`;
  const mimeType = 'application/octet-stream';
  return { name, mimeType, buffer: await buildLedgerVib(version) };
}

async function ledgerVibs(page: Page) {
  const vibs = await readRoute(page, 'listDepotVibs');
  return vibs.filter(({ inspection }) => inspection.filter?.name === LEDGER);
}

/** On the host of the VM that is cloned onto it. Its task is one of the datacenter. */
async function createLocalDatastore(page: Page): Promise<void> {
  const { id } = await findObject(page, 'web02');
  const { host } = await readRoute(page, 'readVm', { id });
  const folder = path.join(dataFolder(), 'datastores', LOCAL);
  mkdirSync(folder, { recursive: true });
  const datacenterId = (await findObject(page, 'Lab')).id;
  const body = { name: LOCAL, datacenterId, type: 'VMFS', path: folder, hostIds: [host.id] };
  await postWell(page, '/api/v1/datastores', body);
  await expectTask(page, 'Create VMFS datastore', 'Lab');
}

async function remove(page: Page, route: string): Promise<void> {
  const headers = { Origin: new URL(page.url()).origin };
  const answer = await page.request.delete(`/api/v1${route}`, { headers });
  expect(answer.status(), await answer.text()).toBeLessThan(300);
}
