// The way of a stranger's filter, by calls alone: from an empty folder to a VIB that was tried and
// signed, to the depot, to a cluster, into a policy, onto a disk; and its numbers move under I/O.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, type Page, test } from '@playwright/test';
import { openVib } from '#lib/formats/vib/open-vib.ts';
import { openAuthority } from '#scripts/build-vibs/authority.ts';
import { signVib } from '#scripts/certify/sign-vib.ts';
import { needTools, qemuIo } from './clients.ts';
import { findObject, readRoute, signIn } from './console.ts';
import { diskUri, expectTask, postWell } from './lab-vms.ts';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '..');
const PKI = path.join(ROOT, '.data', 'pki');
const NAME = 'my-own-filter';
const VIB = `ACME_bootbank_${NAME}_0.1.0`;
/** Its disk is read alone, and has no filter before and after. */
const VM = 'app01';
const POLICY = 'My own filter';
/** Real processes on a busy machine: the limits only end what hangs. */
const MINUTES = 60_000;

test.describe.configure({ timeout: 10 * MINUTES });

test.beforeEach(async ({ page }) => {
  needTools('qemu-io');
  await signIn(page);
  await page.goto('/');
});

test('a new filter comes from an empty folder onto a disk of a cluster', async ({ page }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-own-filter-'));
  try {
    await uploadVib(page, await makeVib(folder));
  } finally {
    await rm(folder, { recursive: true });
  }
  const computeResourceId = (await findObject(page, 'Prod')).id;
  const depotId = (await ownVib(page))?.id ?? '';
  await postWell(page, '/api/v1/io-filters', { computeResourceId, depotId });
  await expectTask(page, 'Install IO Filter', 'Prod');

  const { id } = await findObject(page, VM);
  const properties = { largeKib: 8 };
  const rules = [{ filterClass: 'inspection', provider: NAME, properties }];
  await postWell(page, '/api/v1/policies', { name: POLICY, rules });
  const policies = await readRoute(page, 'listPolicies');
  const policyId = policies.find(({ name }) => name === POLICY)?.id ?? '';
  await assign(page, id, policyId);
  const { disks } = await readRoute(page, 'readVm', { id });
  expect(disks[0]?.filters).toMatchObject([{ name: NAME, properties }]);

  await qemuIo(await diskUri(page, id), 'read 0 64k', 'read 0 4k');
  await expect
    .poll(() => largeReads(page, id), { timeout: MINUTES, message: 'its numbers move' })
    .toBe(1);

  await assign(page, id, null);
  await remove(page, `/api/v1/policies/${policyId}`);
  await remove(page, `/api/v1/clusters/${computeResourceId}/io-filters/${await filterId(page)}`);
  await expectTask(page, 'Uninstall IO Filter', 'Prod');
  await remove(page, `/api/v1/depot/vibs/${depotId}`);
});

/**
 * As the guide says, but that the certification is a short one, which does not sign: all of it
 * takes minutes, and is tried on its own.
 */
async function makeVib(folder: string): Promise<Buffer> {
  const options = { cwd: folder, env: { ...process.env, INIT_CWD: folder }, timeout: 5 * MINUTES };
  const script = (name: string, ...args: string[]) =>
    run(process.execPath, [path.join(ROOT, 'scripts', name, 'main.ts'), ...args], options);
  await script('new-filter', NAME, '--vendor', 'ACME');
  await run(process.execPath, ['--test'], { ...options, cwd: path.join(folder, NAME) });
  await script('build-vibs', NAME, '--pki', PKI);
  const file = path.join(folder, NAME, 'dist', `${VIB}.vib`);
  const tried = await script('certify', file, '--quick', '--only', 'package,model', '--pki', PKI);
  expect(tried.stdout).toContain('All 2 checks passed.');
  const now = new Date();
  const authority = await openAuthority(PKI, now);
  const bytes = await readFile(file);
  const vib = await openVib({ bytes, roots: authority.roots, nowMs: now.getTime() });
  return Buffer.from(await signVib(vib, 'PartnerSupported', authority));
}

async function uploadVib(page: Page, data: Buffer): Promise<void> {
  const headers = {
    Origin: new URL(page.url()).origin,
    'Content-Type': 'application/octet-stream',
  };
  const url = `/api/v1/depot/vibs?fileName=${VIB}.vib`;
  const answer = await page.request.post(url, { data, headers });
  expect(answer.status(), await answer.text()).toBeLessThan(300);
}

async function ownVib(page: Page) {
  const vibs = await readRoute(page, 'listDepotVibs');
  return vibs.find(({ inspection }) => inspection.filter?.name === NAME);
}

/** Null takes the filters off the disk. */
async function assign(page: Page, id: string, policyId: string | null): Promise<void> {
  const answer = await page.request.put(`/api/v1/vms/${id}/policies`, {
    data: { assignments: [{ diskKey: 2000, policyId }] },
    headers: { Origin: new URL(page.url()).origin },
  });
  expect(answer.status(), await answer.text()).toBeLessThan(300);
  await expectTask(page, 'Reconfigure virtual machine', VM);
}

/** The filter's own count, as it was sampled last. */
async function largeReads(page: Page, id: string): Promise<number | undefined> {
  const { samples } = await readRoute(page, 'readSamples', { id });
  const filters = samples.at(-1)?.disks[0]?.filters ?? [];
  return filters.find(({ name }) => name === NAME)?.statistics.large;
}

async function filterId(page: Page): Promise<string> {
  const { id } = await findObject(page, 'Prod');
  const { filters } = await readRoute(page, 'readCluster', { id });
  return filters.find(({ name }) => name === NAME)?.filterId ?? '';
}

async function remove(page: Page, url: string): Promise<void> {
  const headers = { Origin: new URL(page.url()).origin };
  const answer = await page.request.delete(url, { headers });
  expect(answer.status(), await answer.text()).toBeLessThan(300);
}
