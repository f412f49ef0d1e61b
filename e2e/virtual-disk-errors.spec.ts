// A filter that fails I/Os, for real: the guest is told, and the page of the I/O path shows in red
// which filter it was.
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import { needTools, qemuIo } from './clients.ts';
import { endedTask, findObject, postFromPage, readRoute, signIn } from './console.ts';

const VM = 'web02';
const POLICY = 'Failing reads';

test('a filter that fails I/Os stands red in the path, with how many', async ({ page }) => {
  test.setTimeout(180_000);
  needTools('qemu-io');
  await signIn(page);
  await page.goto('/');
  const { id } = await findObject(page, VM);
  await installErrorFilter(page);
  await assignFailingPolicy(page, id);
  const [disk] = (await readRoute(page, 'readVm', { id })).disks;
  const uri = disk?.nbdUri ?? '';
  expect(disk?.filters.map(({ name }) => name)).toEqual(['error']);
  await page.goto(`/vms/${id}?tab=monitor&section=io-path`);
  const path = page.getByRole('list', { name: 'Path of an I/O, guest first' });
  await expect(path).toContainText('error');
  await expect(async () => {
    // The first MiB cannot be read; what lies behind it can.
    await expect(qemuIo(uri, 'read 0 4k')).rejects.toThrow('Command failed');
    expect(await qemuIo(uri, 'read 2M 4k')).toContain('read 4096/4096 bytes');
    await expect(path.locator('[data-failing]')).toContainText('failed here', { timeout: 3_000 });
  }).toPass({ timeout: 40_000 });
  await expect(path.locator('[data-failing]')).toHaveCount(1);
  await expect(path.locator('[data-failing]')).toContainText('error');
  await expectAccessible(page);
  await page.screenshot({ path: test.info().outputPath('failing.png') });
});

/** A second try finds it there. */
async function installErrorFilter(page: Page): Promise<void> {
  const vibs = await readRoute(page, 'listDepotVibs');
  const vib = vibs.find(({ inspection }) => inspection.filter?.name === 'error');
  const { id } = await findObject(page, 'Prod');
  const { filters } = await readRoute(page, 'readCluster', { id });
  if (filters.some(({ name }) => name === 'error')) return;
  const body = { computeResourceId: id, depotId: vib?.id ?? '' };
  expect((await postFromPage(page, '/api/v1/io-filters', body)).status).toBeLessThan(300);
  expect((await endedTask(page, 'Install IO Filter', 'Prod')).state).toBe('success');
}

async function assignFailingPolicy(page: Page, vmId: string): Promise<void> {
  const vm = await readRoute(page, 'readVm', { id: vmId });
  if (vm.disks[0]?.policy?.name === POLICY) return;
  const properties = { operation1: 'read', lengthKib1: 1024 };
  const rules = [{ filterClass: 'dataProvider', provider: 'error', properties }];
  const known = await readRoute(page, 'listPolicies');
  if (!known.some(({ name }) => name === POLICY)) {
    const made = await postFromPage(page, '/api/v1/policies', { name: POLICY, rules });
    expect(made.status).toBeLessThan(300);
  }
  const [policy] = (await readRoute(page, 'listPolicies')).filter(({ name }) => name === POLICY);
  const answer = await page.request.put(`/api/v1/vms/${vmId}/policies`, {
    data: { assignments: [{ diskKey: 2000, policyId: policy?.id ?? null }] },
    headers: { Origin: new URL(page.url()).origin },
  });
  expect(answer.status(), await answer.text()).toBeLessThan(300);
  expect((await endedTask(page, 'Reconfigure virtual machine', VM)).state).toBe('success');
}
