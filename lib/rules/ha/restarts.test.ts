// Which VMs of a failed host start where, and why others stay down.
import { expect, test } from 'vitest';
import type { RestartPriority } from '../../model/availability.ts';
import { diskFacts, hostFacts, vmFacts } from '../facts.fixture.ts';
import { planRestarts } from './restarts.ts';

const failed = hostFacts({ id: 'host-1', connectionState: 'notResponding' });
const two = hostFacts({ id: 'host-2', memoryGrantedMib: 8_192 });
const three = hostFacts({ id: 'host-3', memoryGrantedMib: 6_144 });
const lost = (
  id: string,
  priority: RestartPriority,
  more: Parameters<typeof vmFacts>[0] | null = null,
) => ({
  ...{ vm: vmFacts({ id, ...more }), priority },
});

test('by priority, then by name, each where most memory is left', () => {
  const vms = [
    lost('vm-1', 'low'),
    lost('vm-3', 'medium'),
    lost('vm-2', 'medium'),
    lost('vm-4', 'highest'),
  ];
  const { restarts, waiting } = planRestarts(failed, vms, [two, three]);
  expect(restarts.map(({ vmId, toHostId }) => `${vmId} ${toHostId}`)).toEqual([
    'vm-4 host-3',
    'vm-2 host-2',
    'vm-3 host-3',
    'vm-1 host-2',
  ]);
  expect(waiting).toEqual([]);
});

test('a VM whose filter no other host has stays down, with every host by name', () => {
  const disks = [diskFacts({ filters: [{ name: 'cache', class: 'cache' }] })];
  const plan = planRestarts(failed, [lost('vm-1', 'high', { id: 'vm-1', disks })], [two, three]);
  expect(plan.restarts).toEqual([]);
  const messages = plan.waiting[0]?.reasons.map(({ message }) => message) ?? [];
  expect(messages).toHaveLength(2);
  expect(messages[0]).toContain('cache');
  expect(messages[0]).toContain('is not installed on esx02');
  expect(messages[1]).toContain('is not installed on esx03');
});

test.each([
  ['in maintenance mode', { maintenanceState: 'inMaintenance' as const }, 'HostInMaintenanceMode'],
  ['not connected', { connectionState: 'disconnected' as const }, 'HostNotConnected'],
  ['without the datastore', { datastores: [] }, 'InvalidDatastore'],
  ['without memory', { memoryGrantedMib: 16_000 }, 'GenericVmConfigFault'],
])('no host that is %s', (_, more, fault) => {
  const plan = planRestarts(failed, [lost('vm-1', 'medium')], [{ ...two, ...more }]);
  expect(plan.waiting[0]?.reasons).toMatchObject([{ fault }]);
});

test('what is placed first takes the memory from what comes after', () => {
  const small = hostFacts({ id: 'host-2', memoryMib: 3_000 });
  const plan = planRestarts(failed, [lost('vm-1', 'low'), lost('vm-2', 'high')], [small]);
  expect(plan.restarts).toMatchObject([{ vmId: 'vm-2' }]);
  expect(plan.waiting).toMatchObject([{ vmId: 'vm-1' }]);
});

test('a priority of disabled, and a cluster of one host, say so', () => {
  expect(planRestarts(failed, [lost('vm-1', 'disabled')], [two]).waiting[0]?.reasons).toMatchObject(
    [{ fault: 'InvalidState', message: expect.stringContaining('Disabled') }],
  );
  expect(
    planRestarts(failed, [lost('vm-1', 'medium')], [failed]).waiting[0]?.reasons,
  ).toMatchObject([{ fault: 'NoCompatibleHost' }]);
});
