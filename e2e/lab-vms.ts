// Virtual machines of a test's own, so that what it does to them is no other test's concern; and
// the steps that several tests take with them, by calls, as the console itself would.
import path from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import type { Json } from '#lib/base/json.ts';
import { expectAccessible } from './accessibility.ts';
import { endedTask, findObject, openObject, postFromPage, readRoute } from './console.ts';

/** Of the lab, with three hosts. */
const CLUSTER = 'Prod';

type Vm = Awaited<ReturnType<typeof readRoute<'readVm'>>>;

/** A full clone of the VM, on a datastore of that name or its own, powered on. Gives its id. */
export async function cloneForTest(
  page: Page,
  source: string,
  { name, datastore }: { name: string; datastore?: string },
): Promise<string> {
  const vm = await readRoute(page, 'readVm', { id: (await findObject(page, source)).id });
  const datastoreId = datastore ? (await findObject(page, datastore)).id : vm.datastore.id;
  const body = { name, hostId: vm.host.id, datastoreId, powerOn: true };
  await postWell(page, `/api/v1/vms/${vm.id}/clone`, body);
  await expectTask(page, 'Clone virtual machine', source);
  const { id } = await findObject(page, name);
  await expectTask(page, 'Power On virtual machine', name);
  await expect.poll(() => diskUri(page, id), { message: `${name} is served` }).not.toBe('');
  return id;
}

/** Powers it off, and deletes it with its files. */
export async function deleteTestVm(page: Page, name: string): Promise<void> {
  const { id } = await findObject(page, name);
  if ((await readRoute(page, 'readVm', { id })).powerState !== 'poweredOff') {
    await postWell(page, `/api/v1/vms/${id}/power`, { powerState: 'poweredOff' });
    await expectTask(page, 'Power Off virtual machine', name);
  }
  const answer = await page.request.delete(`/api/v1/vms/${id}`, {
    headers: { Origin: new URL(page.url()).origin },
  });
  expect(answer.status(), await answer.text()).toBe(200);
  await expectTask(page, 'Delete virtual machine', name);
}

/** NBD address of the first disk; '' while it is off. */
export async function diskUri(page: Page, id: string): Promise<string> {
  return (await readRoute(page, 'readVm', { id })).disks[0]?.nbdUri ?? '';
}

/** The descriptor of a disk as a file: datastores are directories of this machine. */
export async function descriptorOf(
  page: Page,
  disk: Vm['disks'][number] | undefined,
): Promise<string> {
  if (!disk) throw new Error('The virtual machine has no such disk.');
  const datastore = await readRoute(page, 'readDatastore', { id: disk.datastore.id });
  return path.join(datastore.path, disk.path);
}

/** Installs the depot's filter of that name on the cluster, unless it is there. */
export async function ensureInstalled(page: Page, filter: string): Promise<void> {
  const vibs = await readRoute(page, 'listDepotVibs');
  const vib = vibs.find(({ inspection }) => inspection.filter?.name === filter);
  if (!vib) throw new Error(`The depot has no ${filter}.`);
  if (vib.installedOn.some(({ name }) => name === CLUSTER)) return;
  const computeResourceId = (await findObject(page, CLUSTER)).id;
  await postWell(page, '/api/v1/io-filters', { computeResourceId, depotId: vib.id });
  await expectTask(page, 'Install IO Filter', CLUSTER);
}

/** Walks the policy wizard: one service of that class, with what `fill` enters into its form. */
export async function createPolicy(
  page: Page,
  name: string,
  { service, fill }: { service: string; fill?: (form: Locator) => Promise<void> },
): Promise<void> {
  await page.goto('/policies?dialog=policy');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Next' }).click();
  await dialog.getByRole('checkbox', { name: service }).click();
  await fill?.(dialog);
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Next' }).click();
  const hosts = dialog.getByRole('listitem');
  await expect(
    hosts.filter({ hasText: /^esx01/ }).getByText('Compatible', { exact: true }),
  ).toBeVisible();
  await dialog.getByRole('button', { name: 'Next' }).click();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

/** Puts the policy on the first disk of the VM by its dialog, and waits for the task. */
export async function applyPolicy(page: Page, vm: string, policy: string): Promise<void> {
  await openObject(page, vm, 'tab=configure&section=disks');
  await page.getByRole('button', { name: 'Edit VM storage policies…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Hard disk 1 (scsi0:0)').click();
  await page.getByRole('option', { name: policy }).click();
  await expect(dialog.getByText('This can be applied')).toBeVisible();
  await dialog.getByRole('button', { name: 'Apply', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expectTask(page, 'Reconfigure virtual machine', vm);
}

/** POST that must be taken. */
export async function postWell(page: Page, url: string, body: Json): Promise<void> {
  const { status, problem } = await postFromPage(page, url, body);
  expect(status, JSON.stringify(problem)).toBeLessThan(300);
}

/** Waits for the newest such task, which must end well. */
export async function expectTask(page: Page, label: string, target: string): Promise<void> {
  const { state, fault } = await endedTask(page, label, target);
  expect(state, fault?.message).toBe('success');
}
