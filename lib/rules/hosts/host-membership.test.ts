// Tests of who may join and leave, by table.
import { describe, expect, test } from 'vitest';
import { hostFacts, vmFacts } from '../facts.fixture.ts';
import { judgeMoveHost, judgeRemoveHost, type MoveFacts } from './host-membership.ts';

const host = {
  ...hostFacts({ id: 'host-1', maintenanceState: 'inMaintenance' }),
  datacenterId: 'd-1',
};
const trace = { name: 'trace', type: 'inspection', ofPartner: true } as const;
const target = {
  ...{ id: 'domain-c2', name: 'Test', datacenterId: 'd-1', drsEnabled: true },
  ...{ filters: [trace], hosts: [hostFacts({ id: 'host-2' })] },
};
const source = { id: 'domain-c1', name: 'Prod' };
const off = vmFacts({ id: 'vm-1', powerState: 'poweredOff' });
const facts = (more: Partial<MoveFacts> = {}): MoveFacts => ({
  ...{ host, vms: [off], source, target },
  ...more,
});

describe('moving a host', () => {
  test.each([
    ['to the cluster where it is', { target: { ...target, ...source } }, 'InvalidState'],
    [
      'to where no cluster is, of one that stands alone',
      { source: null, target: null },
      'InvalidState',
    ],
    [
      'out of a cluster while it works',
      { host: { ...host, maintenanceState: 'normal' } },
      'InvalidState',
    ],
    [
      'that does not answer',
      { host: { ...host, connectionState: 'notResponding' } },
      'HostNotConnected',
    ],
    ['to another datacenter', { target: { ...target, datacenterId: 'd-2' } }, 'InvalidArgument'],
    ['away from a filter that its VM uses', { target: { ...target, filters: [] } }, 'FilterInUse'],
    ['out of all clusters with such a VM', { target: null }, 'FilterInUse'],
    [
      'of 6.0 to a cluster with filters',
      { host: { ...host, version: '6.0.0' } },
      'PlatformConfigFault',
    ],
    ['of 8.0 to filters of 6.x', { host: { ...host, version: '8.0.0' } }, 'PlatformConfigFault'],
  ] as const)('%s is refused', (_name, change, fault) => {
    const { reasons } = judgeMoveHost(facts(change as Partial<MoveFacts>));
    expect(reasons[0]?.fault).toBe(fault);
  });

  test.each([
    ['between clusters that have the filter', {}],
    [
      'that stands alone, while it works',
      { source: null, host: { ...host, maintenanceState: 'normal' } },
    ],
    [
      'of 8.0 to a cluster without filters',
      {
        host: { ...host, version: '8.0.0' },
        ...{ vms: [], target: { ...target, filters: [] } },
      },
    ],
    [
      'of 8.0 to filters of the platform',
      {
        host: { ...host, version: '8.0.0' },
        target: { ...target, filters: [{ ...trace, ofPartner: false }] },
      },
    ],
  ] as const)('%s is allowed', (_name, change) => {
    expect(judgeMoveHost(facts(change as Partial<MoveFacts>)).reasons).toEqual([]);
  });
});

test('a host is removed without VMs, and in maintenance mode or out of reach', () => {
  const faults = (more: Partial<MoveFacts>) =>
    judgeRemoveHost(facts(more)).reasons.map(({ fault }) => fault);
  expect(faults({})).toEqual(['ResourceInUse']);
  expect(faults({ vms: [] })).toEqual([]);
  expect(faults({ vms: [], host: { ...host, maintenanceState: 'normal' } })).toEqual([
    'InvalidState',
  ]);
  const lost = { ...host, maintenanceState: 'normal', connectionState: 'notResponding' } as const;
  expect(faults({ vms: [], host: lost })).toEqual([]);
});
