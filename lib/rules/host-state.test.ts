// Maintenance mode, connection, DRS settings and resolving, by table.
import { expect, test } from 'vitest';
import { judgeDrsConfig } from './drs-config.ts';
import { vmFacts } from './facts.fixture.ts';
import type { ClusterFacts, HostFacts } from './facts.ts';
import { hostsToResolve, judgeResolve } from './filter-resolve.ts';
import {
  judgeDisconnect,
  judgeEnterMaintenance,
  judgeExitMaintenance,
  judgeReconnect,
} from './host-state.ts';

const datastores = [{ id: 'datastore-1', name: 'vmfs-01', accessible: true }];
const host: HostFacts = {
  ...{ id: 'host-1', name: 'esx01', clusterId: 'domain-c1', version: '8.0.0' },
  ...{ connectionState: 'connected', maintenanceState: 'normal', filters: [], datastores },
  ...{ cpuCores: 8, memoryMib: 8192, memoryGrantedMib: 0, cpuUsage: 0 },
};
const vm = vmFacts({ id: 'vm-1', memoryMib: 1024, disks: [] });
const entering = { ...host, maintenanceState: 'entering' as const };
const away = { ...host, connectionState: 'notResponding' as const };
const gone = { ...host, connectionState: 'disconnected' as const };

test('entering maintenance mode warns of VMs that cannot leave, and is allowed', () => {
  const others = [{ ...host, id: 'host-2', name: 'esx02' }];
  const judge = (drsEnabled: boolean) =>
    judgeEnterMaintenance({ host, others, drsEnabled, vms: [vm], evacuatePoweredOffVms: false });
  expect(judge(true)).toMatchObject({ allowed: true, warnings: [] });
  expect(judge(false)).toMatchObject({
    allowed: true,
    warnings: [{ fault: 'NoCompatibleHost' }],
  });
});

test.each([
  [entering, ['InvalidState']],
  [away, ['HostNotConnected']],
])('entering maintenance mode of %o is refused', (facts, faults) => {
  const none = { others: [], drsEnabled: true, vms: [], evacuatePoweredOffVms: false };
  const verdict = judgeEnterMaintenance({ host: facts, ...none });
  expect(verdict.reasons.map(({ fault }) => fault)).toEqual(faults);
});

test('leaving it, connecting and disconnecting want the state to change', () => {
  expect(judgeExitMaintenance(host).allowed).toBe(false);
  expect(judgeExitMaintenance(entering).allowed).toBe(true);
  expect(judgeDisconnect(host).allowed).toBe(true);
  expect(judgeDisconnect(gone).allowed).toBe(false);
  expect(judgeReconnect(gone).allowed).toBe(true);
  expect(judgeReconnect(away).allowed).toBe(true);
  expect(judgeReconnect(host).allowed).toBe(false);
});

test('DRS stays enabled where 6.0 Update 1 uses filters', () => {
  const off = { enabled: false, behavior: 'manual' as const, threshold: 3 };
  const filter = { filterId: 'f', name: 'trace', vendor: 'v', type: 'inspection' as const };
  const cluster: ClusterFacts = {
    ...{ id: 'domain-c1', name: 'Prod', drs: { ...off, enabled: true } },
    filters: [{ ...filter, hosts: [] }],
  };
  const early = { ...host, version: '6.0.1' };
  expect(judgeDrsConfig(cluster, [early], off).reasons).toMatchObject([{ objects: ['host-1'] }]);
  expect(judgeDrsConfig(cluster, [early], { ...off, enabled: true }).allowed).toBe(true);
  expect(judgeDrsConfig(cluster, [{ ...host, version: '6.0.2' }], off).allowed).toBe(true);
  expect(judgeDrsConfig({ ...cluster, filters: [] }, [early], off).allowed).toBe(true);
});

test('only hosts that did not end well are resolved', () => {
  const facts = (...states: ('installed' | 'failed' | null)[]) => ({
    ...{ filterId: 'f', where: 'Prod' },
    hosts: states.map((state, index) => ({ id: `host-${index}`, state })),
  });
  expect(hostsToResolve(facts('installed', 'failed', null))).toEqual(['host-1', 'host-2']);
  expect(judgeResolve(facts('installed')).reasons).toMatchObject([{ fault: 'InvalidState' }]);
  expect(judgeResolve(facts('failed')).allowed).toBe(true);
});
