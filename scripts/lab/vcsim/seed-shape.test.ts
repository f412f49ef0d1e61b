// A generated lab as rows and files: made once, with everything in its place, and found again by a
// start that goes on where another was killed, also when its hosts listen elsewhere meanwhile.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemRandom } from '#lib/base/system-random.ts';
import { openAgentToken } from '#lib/controller/agents/agent-token.ts';
import { openTestDatabase, type TestDatabase } from '#lib/controller/database/test-database.ts';
import { createSealer } from '#lib/controller/secrets/sealer.ts';
import { updateHostAddresses } from '../seed-inventory.ts';
import { labKnobsSchema } from './knobs.ts';
import { seedShape } from './seed-shape.ts';
import { shapeLab } from './shape.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const knobs = labKnobsSchema.parse({ clusters: 2, vms: 3, datastores: 2, poweredOn: 1 });
const dataFolder = mkdtempSync(path.join(tmpdir(), 'sluice-shape-'));
let lab: TestDatabase;

beforeAll(async () => {
  lab = await openTestDatabase();
});
afterAll(async () => {
  await lab.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

test('rows and files are made once, whatever a start finds', async () => {
  const db = lab.database;
  const { hosts, vms } = shapeLab(knobs);
  const agents = hosts.map(({ name }) => ({
    name,
    url: 'http://127.0.0.1:1',
    token: `of ${name}`,
  }));
  const secretFile = path.join(dataFolder, 'secret');
  writeFileSync(secretFile, systemRandom.bytes(32));
  const sealer = createSealer(readFileSync(secretFile), systemRandom);
  await seedShape({ db, knobs, agents, sealer, dataFolder });
  const before = await db.vm.findMany({ orderBy: { name: 'asc' }, include: { disks: true } });
  const fileOf = (name: string) => {
    const vm = before.find((one) => one.name === name);
    const number = vms.findIndex((one) => one.name === name);
    return path.join(dataFolder, 'datastores', vms[number]?.datastore ?? '', vm?.vmxPath ?? '');
  };
  expect(before.map(({ name }) => name)).toEqual(vms.map(({ name }) => name).toSorted());
  expect(before.every(({ disks }) => disks.length === 1)).toBe(true);
  expect(await db.host.count({ where: { clusterId: { not: null } } })).toBe(6);
  expect(await db.hostDatastore.count()).toBe(14);
  expect(readFileSync(fileOf('DC0_C1_RP0_VM2'), 'utf8')).toContain('DC0_C1_RP0_VM2.vmdk');
  expect(await db.task.count()).toBe(1);

  // As after a kill: some files are missing, and all rows are there.
  const gone = path.dirname(fileOf('DC0_H0_VM0'));
  rmSync(gone, { recursive: true });
  const url = 'http://127.0.0.1:2';
  const moved = agents.map(({ name, token }) => ({ name, url, token: `${token}, new` }));
  await seedShape({ db, knobs, agents: moved, sealer, dataFolder });
  await updateHostAddresses(db, { hosts: moved, secretFile });
  expect(existsSync(path.join(gone, 'DC0_H0_VM0-flat.vmdk'))).toBe(true);
  const after = await db.vm.findMany({ orderBy: { name: 'asc' }, include: { disks: true } });
  expect(after).toEqual(before);
  const found = await db.host.findMany({ orderBy: { name: 'asc' } });
  const known = found.map(({ name, agentUrl, agentToken }) => {
    return { name, url: agentUrl, token: openAgentToken(sealer, agentToken) };
  });
  expect(known).toEqual(moved.toSorted((one, other) => (one.name < other.name ? -1 : 1)));
  const told = await db.change.count({ where: { path: 'agentUrl' } });
  expect(told).toBe(hosts.length);
  expect(await db.task.count()).toBe(1);
});
