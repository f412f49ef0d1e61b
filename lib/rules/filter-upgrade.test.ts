// Tests of upgrading a filter on a cluster: what is refused, and what would happen on each host.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clusterFacts, hostFacts, vmFacts } from './facts.fixture.ts';
import { judgeFilterUpgrade, planFilterUpgrade, type UpgradeFacts } from './filter-upgrade.ts';

const trace = { name: 'trace', vendor: 'SLU', version: '1.1.0', type: 'inspection' } as const;
const vib: UpgradeFacts['vib'] = {
  ...{ vibId: 'SLU_bootbank_trace_1.1.0', fileName: 'trace-1.1.0.vib', filter: trace },
  ...{ platformSigned: false, platforms: [] },
};
const withVersion = (version: string) => ({
  filters: [{ ...trace, class: 'inspection' as const, version, available: true }],
});

function facts(more: Partial<UpgradeFacts> = {}): UpgradeFacts {
  return {
    cluster: clusterFacts(),
    filter: {
      ...{ filterId: 'SLU_trace_1.0.0', name: 'trace', vendor: 'SLU', version: '1.0.0' },
      opType: 'install',
    },
    vib,
    hosts: ['host-1', 'host-2', 'host-3'].map((id) => hostFacts({ id })),
    vms: [vmFacts({ id: 'vm-1', hostId: 'host-1' })],
    ...more,
  };
}

describe('the judgement', () => {
  const cluster = clusterFacts();
  const off = { ...cluster, drs: { ...cluster.drs, enabled: false } };
  const other = (change: Partial<typeof trace>) => ({
    vib: { ...vib, filter: { ...trace, ...change } },
  });
  test.each([
    ['a VIB without a filter', { vib: { ...vib, filter: null } }, 'InvalidArgument'],
    ['another name', other({ name: 'tracer' as 'trace' }), 'InvalidArgument'],
    ['another vendor', other({ vendor: 'ACME' as 'SLU' }), 'InvalidArgument'],
    ['the same version', other({ version: '1.0.0' as '1.1.0' }), 'InvalidArgument'],
    ['a lower version', other({ version: '0.9.0' as '1.1.0' }), 'InvalidArgument'],
    ['DRS disabled', { cluster: off }, 'InvalidState'],
    [
      'one being uninstalled',
      { filter: { ...facts().filter, opType: 'uninstall' } },
      'InvalidState',
    ],
    [
      'a VIB for other versions',
      { vib: { ...vib, platforms: [{ version: '8.*' }] } },
      'PlatformConfigFault',
    ],
  ])('refuses %s', (_name, change, fault) => {
    expect(judgeFilterUpgrade(facts(change)).reasons[0]?.fault).toBe(fault);
  });

  test('counts versions as numbers', () => {
    const filter = { ...facts().filter, version: '1.9.0' };
    expect(
      judgeFilterUpgrade(facts({ filter, ...other({ version: '1.10.0' as '1.1.0' }) })),
    ).toEqual({
      ...{ allowed: true, reasons: [], warnings: [] },
    });
  });

  test('warns of what cannot leave its host', () => {
    const hosts = [hostFacts({ id: 'host-1' })];
    const { allowed, warnings } = judgeFilterUpgrade(facts({ hosts }));
    expect(allowed).toBe(true);
    expect(warnings.map(({ message }) => message)).toEqual([
      'esx01 cannot be put into maintenance mode: web01 cannot leave it. ' +
        'There is no other host that web01 could move to.',
    ]);
  });
});

describe('the plan', () => {
  test('says for each host its wave, its version and which VMs move', () => {
    const hosts = [
      hostFacts({ id: 'host-1' }),
      hostFacts({ id: 'host-2', ...withVersion('1.1.0') }),
      hostFacts({ id: 'host-3', filters: [], connectionState: 'notResponding' }),
    ];
    expect(planFilterUpgrade(facts({ hosts }), 1)).toMatchObject([
      {
        ...{ wave: 0, step: 'upgrade', from: '1.0.0', maintenance: true, blocked: [] },
        moves: [{ vm: { name: 'web01' }, to: { name: 'esx02' } }],
      },
      { step: 'nothing', from: '1.1.0', maintenance: false, moves: [] },
      { wave: 1, step: 'install', from: null, blocked: [{ fault: 'HostNotConnected' }] },
    ]);
  });

  test('leaves a host in maintenance mode as it is', () => {
    const [first, ...others] = facts().hosts;
    const hosts = [
      { ...(first ?? hostFacts({ id: 'host-1' })), maintenanceState: 'inMaintenance' as const },
    ];
    expect(planFilterUpgrade(facts({ hosts: [...hosts, ...others] }), 2)[0]).toMatchObject({
      ...{ step: 'upgrade', maintenance: false, moves: [] },
    });
  });

  test('never moves a VM to a host of the same wave, nor to one without the filter', () => {
    const host = fc.record({
      version: fc.constantFrom(null, '1.0.0', '1.1.0'),
      on: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(host, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 4 }),
        (some, n) => {
          const hosts = some.map(({ version, on }, index) =>
            hostFacts({
              id: `host-${index + 1}`,
              ...(version === null ? { filters: [] } : withVersion(version)),
              maintenanceState: on ? 'normal' : 'inMaintenance',
            }),
          );
          const vms = hosts
            .filter(
              ({ filters, maintenanceState }) =>
                filters.length > 0 && maintenanceState === 'normal',
            )
            .map(({ id }) =>
              vmFacts({ id: id.replace('host', 'vm'), hostId: id, memoryMib: 4096 }),
            );
          const plan = planFilterUpgrade(facts({ hosts, vms }), n);
          for (const part of plan) {
            const together = plan.filter(
              ({ wave, step }) => wave === part.wave && step !== 'nothing',
            );
            expect(together.length).toBeLessThanOrEqual(n);
            for (const { to } of part.moves) {
              expect(together.map((one) => one.host.id)).not.toContain(to.id);
              expect(hosts.find(({ id }) => id === to.id)?.filters).not.toEqual([]);
            }
            const own = vms.filter(({ hostId }) => hostId === part.host.id).length;
            if (part.maintenance) expect(part.moves.length + part.blocked.length).toBe(own);
          }
        },
      ),
    );
  });
});
