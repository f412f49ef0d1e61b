// Admission control: what is left when hosts fail, and what that refuses.
import { expect, test } from 'vitest';
import type { HaConfig } from '../../model/availability.ts';
import { diskFacts, hostFacts, vmFacts } from '../facts.fixture.ts';
import { planPowerOn } from '../power.ts';
import { admissionReasons, failoverCapacity, unprotectedReasons } from './admission.ts';

const hosts = [1, 2, 3].map((number) =>
  hostFacts({ id: `host-${number}`, memoryMib: 4_096 * number, memoryGrantedMib: 2_048 }),
);
const ha: HaConfig = {
  ...{ enabled: true, hostMonitoring: true, restartPriority: 'medium' },
  ...{ admissionControl: true, failuresTolerated: 1 },
};

test('the largest hosts are those that fail', () => {
  expect(failoverCapacity(hosts, 1)).toEqual({
    memoryMib: 24_576,
    memoryLeftMib: 12_288,
    memoryGrantedMib: 6_144,
    hostFailures: 1,
  });
  expect(failoverCapacity(hosts, 2).memoryLeftMib).toBe(4_096);
});

test('a host in maintenance mode counts for nothing, and too much may be granted already', () => {
  const away = { ...hostFacts({ id: 'host-3' }), maintenanceState: 'inMaintenance' as const };
  expect(failoverCapacity([away], 1)).toMatchObject({ memoryMib: 0, hostFailures: 0 });
  const full = hostFacts({ id: 'host-1', memoryMib: 1_024, memoryGrantedMib: 2_048 });
  expect(failoverCapacity([full], 1).hostFailures).toBe(-1);
});

test.each<[string, Partial<HaConfig>, number, boolean]>([
  ['fits when one host fails', {}, 6_144, true],
  ['does not', {}, 6_145, false],
  ['does not when two fail', { failuresTolerated: 2 }, 1, false],
  ['is not asked', { admissionControl: false }, 9_000, true],
  ['is off', { enabled: false }, 9_000, true],
])('%s', (_, change, memoryMib, allowed) => {
  const reasons = admissionReasons(vmFacts({ id: 'vm-1', memoryMib }), hosts, { ...ha, ...change });
  expect(reasons.map(({ fault }) => fault)).toEqual(
    allowed ? [] : ['InsufficientFailoverResourcesFault'],
  );
});

test('powering on asks it, also where DRS would place the VM', () => {
  const [host = hostFacts({ id: 'host-1' }), ...others] = hosts;
  const drs = { enabled: true, behavior: 'fullyAutomated' as const, threshold: 3 };
  const vm = vmFacts({ id: 'vm-1', powerState: 'poweredOff', memoryMib: 8_000 });
  expect(planPowerOn({ vm, host, others, drs }).hostId).toBe('host-3');
  expect(planPowerOn({ vm, host, others, drs, ha }).verdict.reasons).toMatchObject([
    { fault: 'InsufficientFailoverResourcesFault' },
  ]);
});

test('a VM is unprotected when no other host has its filter', () => {
  const vm = vmFacts({ id: 'vm-1' });
  expect(unprotectedReasons(vm, hosts)).toEqual([]);
  const disks = [diskFacts({ filters: [{ name: 'cache', class: 'cache' }] })];
  expect(unprotectedReasons({ ...vm, disks }, hosts)).toHaveLength(2);
  expect(unprotectedReasons(vm, hosts.slice(0, 1))).toMatchObject([{ fault: 'NoCompatibleHost' }]);
});
