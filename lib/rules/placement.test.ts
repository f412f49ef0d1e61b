// Placement by table: each thing that can be wrong with a host, alone, and what the admin reads.
import { describe, expect, test } from 'vitest';
import { hostFacts, vmFacts } from './facts.fixture.ts';
import { judgeMigration, judgePlacement } from './placement.ts';

const source = hostFacts({ id: 'host-1', memoryGrantedMib: 2_048 });

describe('a host in good order', () => {
  test('takes the VM', () => {
    expect(judgeMigration(vmFacts({ id: 'vm-1' }), source, hostFacts({ id: 'host-2' }))).toEqual({
      allowed: true,
      reasons: [],
      warnings: [],
    });
  });

  test('may run another version of the filter, as during a rolling upgrade', () => {
    const filters = [
      {
        name: 'trace',
        class: 'inspection',
        vendor: 'SLU',
        version: '2.0.0',
        available: true,
      } as const,
    ];
    const target = hostFacts({ id: 'host-2', filters: [...filters] });
    expect(judgeMigration(vmFacts({ id: 'vm-1' }), source, target).allowed).toBe(true);
  });
});

const withFilter = (change: object) => [
  { ...hostFacts({ id: 'host-2' }).filters[0], ...change } as ReturnType<
    typeof hostFacts
  >['filters'][0],
];

describe.each([
  [
    'disconnected',
    { connectionState: 'disconnected' },
    'HostNotConnected',
    'esx02 is disconnected.',
  ],
  ['silent', { connectionState: 'notResponding' }, 'HostNotConnected', 'esx02 is not responding.'],
  [
    'in maintenance',
    { maintenanceState: 'inMaintenance' },
    'HostInMaintenanceMode',
    'esx02 is in maintenance mode.',
  ],
  [
    'entering maintenance',
    { maintenanceState: 'entering' },
    'HostInMaintenanceMode',
    'esx02 is entering maintenance mode.',
  ],
  [
    'without the filter',
    { filters: [] },
    'GenericVmConfigFault',
    'The I/O filter trace (Inspection) of Hard disk 1 is not installed on esx02.',
  ],
  [
    'with a filter that is not available',
    { filters: withFilter({ available: false }) },
    'GenericVmConfigFault',
    'The I/O filter trace (Inspection) of Hard disk 1 is not installed on esx02.',
  ],
  [
    'with a filter of another class',
    { filters: withFilter({ class: 'cache' }) },
    'GenericVmConfigFault',
    'The I/O filter trace (Inspection) of Hard disk 1 is not installed on esx02.',
  ],
  [
    'without the datastore',
    { datastores: [] },
    'InvalidDatastore',
    'esx02 does not mount the datastore vmfs-01, which holds Hard disk 1.',
  ],
  [
    'that cannot reach the datastore',
    { datastores: [{ id: 'datastore-1', name: 'vmfs-01', accessible: false }] },
    'InvalidDatastore',
    'esx02 cannot reach the datastore vmfs-01, which holds Hard disk 1.',
  ],
  [
    'without memory',
    { memoryGrantedMib: 16_000 },
    'GenericVmConfigFault',
    'esx02 has 384 MiB of memory left; web01 needs 2048 MiB.',
  ],
] as const)('a host %s', (_name, change, fault, message) => {
  test('is refused with one reason', () => {
    const target = hostFacts({ id: 'host-2', ...(change as object) });
    const verdict = judgeMigration(vmFacts({ id: 'vm-1' }), source, target);
    expect(verdict.allowed).toBe(false);
    expect(verdict.reasons.map(({ fault, message }) => ({ fault, message }))).toEqual([
      { fault, message },
    ]);
  });
});

test('every reason is told, not only the first', () => {
  const target = hostFacts({
    id: 'host-2',
    maintenanceState: 'inMaintenance',
    filters: [],
    datastores: [],
  });
  expect(
    judgePlacement(vmFacts({ id: 'vm-1' }), target).reasons.map((reason) => reason.fault),
  ).toEqual(['HostInMaintenanceMode', 'InvalidDatastore', 'GenericVmConfigFault']);
});

test('a running VM cannot leave a host that does not answer, a stopped one can', () => {
  const silent = hostFacts({ id: 'host-1', connectionState: 'notResponding' });
  const target = hostFacts({ id: 'host-2' });
  expect(judgeMigration(vmFacts({ id: 'vm-1' }), silent, target).allowed).toBe(false);
  expect(
    judgeMigration(vmFacts({ id: 'vm-1', powerState: 'poweredOff' }), silent, target).allowed,
  ).toBe(true);
});

test('the memory that the VM holds on its own host counts for it', () => {
  const full = hostFacts({ id: 'host-1', memoryGrantedMib: 16_384 });
  expect(judgePlacement(vmFacts({ id: 'vm-1' }), full).allowed).toBe(true);
});
