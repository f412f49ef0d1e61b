// Power on and off by table.
import { expect, test } from 'vitest';
import { diskFacts, vmFacts } from './facts.fixture.ts';
import type { HostFacts } from './facts.ts';
import { judgeMigration } from './placement.ts';
import { judgeAssignment } from './policy-assignment.ts';
import { judgePowerOff, judgeReset, judgeSuspend, planPowerOn } from './power.ts';
import { judgeRemoveDisk } from './storage/disks.ts';
import { fixedDiskReasons } from './storage/relocation.ts';
import {
  judgeConsolidate,
  judgeCreateSnapshot,
  judgeRemoveAllSnapshots,
} from './storage/snapshots.ts';

const host: HostFacts = {
  ...{ id: 'host-1', name: 'esx01', clusterId: 'domain-c1', version: '8.0.0' },
  ...{ connectionState: 'connected', maintenanceState: 'normal', filters: [] },
  datastores: [{ id: 'datastore-1', name: 'vmfs1', accessible: true }],
  ...{ cpuCores: 8, memoryMib: 8192, memoryGrantedMib: 0, cpuUsage: 0 },
};
const vm = vmFacts({
  ...{ id: 'vm-1', powerState: 'poweredOff', memoryMib: 1024 },
  disks: [diskFacts({ filters: [] })],
});
const full = { ...host, memoryGrantedMib: 8000 };
const other = { ...host, id: 'host-2', name: 'esx02', memoryGrantedMib: 4096 };
const roomier = { ...host, id: 'host-3', name: 'esx03', memoryGrantedMib: 1024 };
const drs = { enabled: true, behavior: 'partiallyAutomated' as const, threshold: 3 };

test('a VM starts on its own host when that can run it', () => {
  const plan = planPowerOn({ vm, host, others: [roomier], drs });
  expect(plan).toMatchObject({ hostId: 'host-1', verdict: { allowed: true } });
});

test('else DRS places it where most memory is left', () => {
  const plan = planPowerOn({ vm, host: full, others: [other, roomier], drs });
  expect(plan).toMatchObject({ hostId: 'host-3', verdict: { allowed: true } });
});

test.each([null, { ...drs, enabled: false }, { ...drs, behavior: 'manual' as const }])(
  'without DRS, or with a manual one, the reasons of its own host stand: %o',
  (config) => {
    const { verdict } = planPowerOn({ vm, host: full, others: [roomier], drs: config });
    expect(verdict.reasons).toMatchObject([{ fault: 'GenericVmConfigFault' }]);
  },
);

test('one whose process was given up is tried again where it is', () => {
  const faulted = { ...vm, powerState: 'poweredOn' as const, isFaulted: true };
  const plan = planPowerOn({ vm: faulted, host: full, others: [roomier], drs });
  expect(plan).toMatchObject({ hostId: 'host-1', verdict: { allowed: true } });
});

test('what is so already is refused', () => {
  const on = { ...vm, powerState: 'poweredOn' as const };
  expect(planPowerOn({ vm: on, host, others: [], drs }).verdict.reasons).toMatchObject([
    { fault: 'InvalidPowerState' },
  ]);
  expect(judgePowerOff(vm, host).reasons).toMatchObject([{ fault: 'InvalidPowerState' }]);
  expect(judgePowerOff(on, host).allowed).toBe(true);
  const away = { ...host, connectionState: 'notResponding' as const };
  expect(judgePowerOff(on, away).reasons).toMatchObject([{ fault: 'HostNotConnected' }]);
});

test('what waits for space can be powered off, and do what makes room', () => {
  const waitsForSpaceOn = { id: 'datastore-1', name: 'vmfs1' };
  const waiting = { ...vm, powerState: 'poweredOn' as const, waitsForSpaceOn };
  expect(judgePowerOff(waiting, host).allowed).toBe(true);
  const [disk = diskFacts()] = waiting.disks;
  const refusals = [
    judgeSuspend(waiting, host),
    judgeReset(waiting, host),
    judgeMigration(waiting, host, roomier),
    judgeCreateSnapshot(waiting, host),
    judgeRemoveDisk(waiting, host, { disk, deleteFiles: false }),
    judgeAssignment({ vm: waiting, host, disk, filters: [], movingBy: null }),
  ];
  for (const { reasons } of refusals) {
    expect(reasons).toMatchObject([
      { fault: 'NoDiskSpace', remedy: expect.stringContaining('Make space on vmfs1, move') },
    ]);
  }
  expect(fixedDiskReasons(waiting)).toEqual([]);
  expect(judgeRemoveAllSnapshots(waiting, host).reasons).not.toMatchObject([
    { fault: 'NoDiskSpace' },
  ]);
  expect(judgeConsolidate({ ...waiting, consolidationNeeded: true }, host)).toMatchObject({
    allowed: true,
    warnings: [{ fault: 'NoDiskSpace' }],
  });
});
