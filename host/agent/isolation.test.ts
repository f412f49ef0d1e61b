// What a host does about a VM whose filter ends its process again and again: it says why each time,
// stops starting it, tries again when it is powered on by hand, and its other VMs notice nothing.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeFilterFiles } from '#lib/formats/vib/filter-fixtures.ts';
import { trustedRootsSchema } from '#lib/formats/vib/trusted-roots.ts';
import { makeTestAuthority, testVib } from '#lib/formats/vib/vib-fixtures.ts';
import { CRASHES_MAX } from '#lib/model/limits.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { eventually, type TestAgent, TestLab, testVm } from './test-agents.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** Throws where nobody can catch it, some time after it was opened. */
const FILTER = `export default { kind: 'partial', safeBecause: 'a test', name: 'bad',
  class: 'inspection', apiVersion: 1, summary: '', statistics: [], properties: [],
  open() { setTimeout(() => { throw new Error('far out'); }, 1500); return {}; } };`;

const lab = new TestLab();
let esx01: TestAgent;
const bad = testVm(1, [{ name: 'bad', class: 'inspection', properties: {} }]);

beforeAll(async () => {
  await lab.openDepot();
  const authority = await makeTestAuthority('Partner Root');
  const roots = trustedRootsSchema.parse(JSON.parse(readFileSync(lab.roots, 'utf8')));
  writeFileSync(lab.roots, JSON.stringify([...roots, authority.root]));
  esx01 = await lab.addHost(1);
  const source = await testVib({
    descriptor: { name: 'bad', version: '1.0.0', acceptanceLevel: 'PartnerSupported' },
    files: makeFilterFiles('bad', 'inspection', { filter: FILTER }),
    keys: [authority.key],
  });
  await esx01.keyed(calls.installVib, lab.served('bad.vib', source));
  for (const vm of [bad, testVm(2)]) await esx01.keyed(calls.createVm, { vm, contents: [] });
});

afterAll(() => lab.close());

async function eventsOf(type: string): Promise<string[]> {
  const { events } = await esx01.report();
  return events.filter((event) => event.type === type).map(({ message }) => message);
}

function givenUp(): Promise<calls.WorldReport> {
  return eventually(async () => {
    const world = await esx01.world(bad.vmId);
    return world?.message.includes('is not started again') ? world : null;
  });
}

test('a VM that ends too often is left faulted, its filter named, until powered on', async () => {
  await esx01.keyed(calls.powerOnVm, { vm: testVm(2) });
  const { pid: neighbour } = (await esx01.world('vm-2')) ?? {};
  await esx01.keyed(calls.powerOnVm, { vm: bad });
  const ended = 'The I/O filter bad threw in a callback: Error: far out';
  expect(await givenUp()).toMatchObject({
    state: 'faulted',
    powerState: 'poweredOn',
    message: expect.stringContaining(ended),
  });
  expect(await eventsOf('VmWorldEnded')).toEqual(Array.from({ length: CRASHES_MAX }, () => ended));
  expect(await eventsOf('VmRestartGivenUp')).toHaveLength(1);

  // Also the next agent does not start it.
  await esx01.end('SIGKILL');
  await esx01.start();
  expect(await givenUp()).toMatchObject({ state: 'faulted' });

  await esx01.keyed(calls.powerOnVm, { vm: bad });
  expect(await esx01.world(bad.vmId)).toMatchObject({ state: 'running' });
  await esx01.keyed(calls.powerOffVm, { vmId: bad.vmId });
  expect(await esx01.world(bad.vmId)).toMatchObject({ state: 'off', powerState: 'poweredOff' });
  expect(await esx01.world('vm-2')).toMatchObject({ state: 'running', pid: neighbour });
});
