// DRS: what it proposes, what it must not propose, and that it never makes an imbalance worse.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filterConflicts, isUneven, planMoves, priorityOf } from './drs.ts';
import { clusterFacts, hostFacts, vmFacts } from './facts.fixture.ts';

const crowded = () => ({
  hosts: [
    hostFacts({ id: 'host-1', memoryGrantedMib: 8_192 }),
    hostFacts({ id: 'host-2', memoryGrantedMib: 0 }),
    hostFacts({ id: 'host-3', memoryGrantedMib: 2_048 }),
  ],
  vms: [1, 2, 3, 4].map((n) => vmFacts({ id: `vm-${n}` })),
});

test('moves VMs off a crowded host, saying why', () => {
  const { hosts, vms } = crowded();
  const plan = planMoves(clusterFacts(), hosts, vms);
  expect(plan.moves[0]).toMatchObject({
    fromHostId: 'host-1',
    toHostId: 'host-2',
    reason: 'fairnessMemAvg',
  });
  expect(plan.moves[0]?.reasonText).toBe(
    'Balance average memory loads: 50 % on esx01, 0 % on esx02',
  );
  expect(plan.imbalance).toBeGreaterThan(0.2);
});

test('places no VM on a host that lacks its filter, and names the filter', () => {
  const { hosts, vms } = crowded();
  for (const host of hosts.slice(1)) host.filters = [];
  const plan = planMoves(clusterFacts(), hosts, vms);
  expect(plan.moves).toEqual([]);
  expect(plan.faults).toHaveLength(4);
  expect(plan.faults[0]?.reasons[0]?.message).toContain('trace');
});

test('does nothing when disabled, or when the threshold is conservative', () => {
  const { hosts, vms } = crowded();
  const off = clusterFacts({ drs: { enabled: false, behavior: 'manual', threshold: 5 } });
  const conservative = clusterFacts({ drs: { enabled: true, behavior: 'manual', threshold: 1 } });
  expect(planMoves(off, hosts, vms).moves).toEqual([]);
  expect(planMoves(conservative, hosts, vms).moves).toEqual([]);
});

test('says why DRS and a filter do not go together', () => {
  const hosts = [hostFacts({ id: 'host-1' }), hostFacts({ id: 'host-2', filters: [] })];
  const [reason] = filterConflicts(clusterFacts(), hosts);
  expect(reason?.message).toBe(
    'DRS and the I/O filter trace do not go together on Prod: ' +
      'the filter is not on esx02, so DRS places no VM there that uses it.',
  );
  expect(filterConflicts(clusterFacts(), hosts.slice(0, 1))).toEqual([]);
});

test('priorities run from 2 (a large imbalance) to 5 (a slight one)', () => {
  expect([0.01, 0.1, 0.15, 2].map((imbalance) => priorityOf(imbalance, 3))).toEqual([5, 4, 3, 2]);
});

const anyCluster = fc.record({
  grants: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 }),
  lacking: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
  memories: fc.array(fc.integer({ min: 256, max: 4_096 }), { minLength: 20, maxLength: 20 }),
});

test('no plan moves a VM to a host without its filter, or raises the imbalance', () => {
  fc.assert(
    fc.property(anyCluster, ({ grants, lacking, memories }) => {
      const vms = grants.map((host, n) =>
        vmFacts({ id: `vm-${n + 1}`, hostId: `host-${host + 1}`, memoryMib: memories[n] ?? 256 }),
      );
      const hosts = [0, 1, 2, 3].map((n) =>
        hostFacts({
          id: `host-${n + 1}`,
          memoryMib: 65_536,
          memoryGrantedMib: vms
            .filter((vm) => vm.hostId === `host-${n + 1}`)
            .reduce((sum, vm) => sum + vm.memoryMib, 0),
          ...(lacking.includes(n) ? { filters: [] } : {}),
        }),
      );
      const drs = { enabled: true, behavior: 'fullyAutomated', threshold: 5 } as const;
      const plan = planMoves(clusterFacts({ drs }), hosts, vms);
      for (const move of plan.moves)
        expect(lacking).not.toContain(Number(move.toHostId.slice(5)) - 1);
      expect(new Set(plan.moves.map((move) => move.vmId)).size).toBe(plan.moves.length);
      const after = hosts.map((host) => ({ ...host }));
      for (const move of plan.moves) {
        const memory = vms.find((vm) => vm.id === move.vmId)?.memoryMib ?? 0;
        for (const host of after) {
          if (host.id === move.fromHostId) host.memoryGrantedMib -= memory;
          if (host.id === move.toHostId) host.memoryGrantedMib += memory;
        }
      }
      expect(planMoves(clusterFacts({ drs }), after, []).imbalance).toBeLessThanOrEqual(
        plan.imbalance + 1e-9,
      );
    }),
    { numRuns: 200 },
  );
});

test('hosts that are even tell without their VMs that nothing is to be moved', () => {
  const used = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(used, (grants) => {
      const hosts = grants.map((memoryGrantedMib, n) =>
        hostFacts({ id: `host-${n + 1}`, memoryGrantedMib, filters: [] }),
      );
      const vms = hosts.map(({ id }, n) => vmFacts({ id: `vm-${n}`, hostId: id, memoryMib: 64 }));
      const plan = planMoves(clusterFacts(), hosts, vms);
      if (!isUneven(hosts)) expect(planMoves(clusterFacts(), hosts, [])).toEqual(plan);
    }),
  );
  expect(isUneven(crowded().hosts)).toBe(true);
  expect(isUneven([hostFacts({ id: 'host-1' }), hostFacts({ id: 'host-2' })])).toBe(false);
});
