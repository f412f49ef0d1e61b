// A VM gets another name, on and off, by the controller's call on a real host.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { parseVmx, vmxValue } from '#lib/formats/vmx/vmx.ts';
import * as diskCalls from '#lib/wire/agent/disk-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { TestLab, testVm } from '../../test-agents.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const lab = new TestLab();
afterAll(() => lab.close());

test('a VM is renamed on and off, and its files keep their names', async () => {
  await lab.openDepot();
  const esx01 = await lab.addHost(1);
  const vm = testVm(1);
  await esx01.keyed(calls.createVm, { vm, contents: [] });
  await esx01.keyed(calls.powerOnVm, { vm });
  const path = join(lab.folder, 'ds1', vm.vmxPath);
  const nameIn = () => vmxValue(parseVmx(readFileSync(path)), 'displayName');
  expect(nameIn()).toBe('web01');
  await esx01.keyed(diskCalls.renameVm, { vm: { ...vm, name: 'till “7”' } });
  expect(nameIn()).toBe('till “7”');
  await esx01.keyed(calls.powerOffVm, { vmId: vm.vmId });
  await esx01.keyed(diskCalls.renameVm, { vm: { ...vm, name: 'till 8' } });
  expect(nameIn()).toBe('till 8');
});
