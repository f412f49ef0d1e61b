// Failover with a real controller, real hosts, a real target and the real filter: the host of a VM
// is lost, the controller is killed in the middle, and the VM that comes back may not write. Then a
// planned move, which loses nothing, and both ends of a failover: undone, and committed.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { haveTools, mustRun } from '#host/world/test-peers.ts';
import { commitFailover } from '#lib/controller/failover/commit-failover.ts';
import { failOverVm } from '#lib/controller/failover/fail-over.ts';
import { undoFailover } from '#lib/controller/failover/undo-failover.ts';
import { createPolicy } from '#lib/controller/policies/create-policy.ts';
import { newVmId } from '#lib/controller/replication/recover-vm.ts';
import { assignPolicies } from '#lib/controller/vms/assign-policies.ts';
import { powerOff } from '#lib/controller/vms/power-off.ts';
import { powerOn } from '#lib/controller/vms/power-on.ts';
import { readVm } from '#lib/controller/vms/read-vm.ts';
import { MIB } from '#lib/model/limits.ts';
import { RealDepot } from './real-depot.ts';
import { labCaller, type RealLab } from './real-lab.ts';
import { RealTarget } from './real-target.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 240_000 });

const tools = haveTools('qemu-io');
const NAME = 'ledger01';
let depot: RealDepot;
let lab: RealLab;
let target: RealTarget;
let sourceId = '';

beforeAll(async () => {
  depot = await RealDepot.open();
  lab = await depot.openLab();
  await depot.install(lab, 'replication');
  target = await RealTarget.open(lab, 'Recovery site');
  sourceId = await lab.addVm(NAME, [16 * MIB]);
  const rules = [{ filterClass: 'replication', provider: 'replication', properties: {} }];
  const policyId = await createPolicy(lab.db, labCaller, { name: 'Replicated', rules });
  const assignments = [{ diskKey: 2000, policyId }];
  await succeeds(lab.run(assignPolicies, { vmId: sourceId, assignments }));
  await isInSync(sourceId);
});
afterAll(async () => {
  target?.close();
  await lab?.close();
  depot?.close();
});

async function succeeds(running: Promise<{ state: string; fault: unknown }>): Promise<void> {
  const { state, fault } = await running;
  expect({ state, fault }).toEqual({ state: 'success', fault: null });
}

/** qemu-io on the VM's disk; what it said, also when it has failed. */
async function io(vmId: string, ...commands: string[]): Promise<string> {
  const [disk] = (await readVm({ db: lab.db, caller: labCaller }, vmId)).disks;
  const args = commands.flatMap((command) => ['-c', command]);
  return mustRun('qemu-io', ['-f', 'raw', ...args, disk?.nbdUri ?? '']).catch(String);
}

async function has(vmId: string, byte: number): Promise<void> {
  const said = await io(vmId, `read -P ${byte} 0 1M`);
  expect(said).toMatch(/read 1048576\/1048576/);
  expect(said).not.toMatch(/verification failed/i);
}

/** The copy has what was written last, and the console has heard that it has. */
async function isInSync(vmId: string): Promise<void> {
  await lab.eventually(async () => {
    const copy = await target.copyOf(vmId);
    if (copy === null || copy.needsResync || !copy.sending) return false;
    const row = await lab.db.replica.findFirst({ where: { diskId: copy.diskId } });
    return row !== null && JSON.stringify(row.report).includes(`"durable":${copy.durable},`);
  });
}

async function begin(kind: 'failover' | 'move', from: string, name: string, host: number) {
  const vmId = await newVmId(lab.db);
  const place = { hostId: lab.hostIds[host] ?? '', datastoreId: lab.datastoreIds[1] ?? '' };
  const input = { vmId, sourceId: from, name, kind, at: null, ...place };
  return { vmId, taskId: await lab.submit(failOverVm, input) };
}

function rowOf(vmId: string) {
  return lab.db.recovery.findUniqueOrThrow({ where: { vmId } });
}

function setStandIn(replacedById: string | null) {
  return lab.db.vm.update({ where: { id: sourceId }, data: { replacedById } });
}

async function isOff(vmId: string): Promise<void> {
  await lab.eventually(() =>
    lab.db.vm.findFirst({ where: { id: vmId, powerState: 'poweredOff', worldState: 'off' } }),
  );
}

async function isQuiet(vmId: string): Promise<void> {
  await lab.eventually(
    async () => (await lab.db.task.count({ where: { targetId: vmId, completedAt: null } })) === 0,
  );
}

test.skipIf(!tools)('a lost host, a killed controller, and a source that comes back', async () => {
  expect(await io(sourceId, 'write -P 7 0 1M', 'flush')).toMatch(/wrote 1048576/);
  const { durable = 0 } = (await target.copyOf(sourceId)) ?? {};
  await lab.killHost('esx01');
  const { vmId, taskId } = await begin('failover', sourceId, `${NAME}-stand-in`, 1);
  await lab.eventually(async () => {
    const row = await lab.db.recovery.findUnique({ where: { vmId } });
    return row?.failover === 'recovering' || row?.failover === 'standing';
  });
  await lab.killController();
  lab.startController();
  await succeeds(lab.ended(taskId));
  expect(await rowOf(vmId)).toMatchObject({ failover: 'standing', era: 2, wasOn: true });
  expect((await rowOf(vmId)).loss).toMatchObject({ isNone: false });
  await has(vmId, 7);
  expect(await io(vmId, 'write -P 8 0 1M', 'flush')).toMatch(/wrote 1048576/);

  await lab.startHost('esx01');
  await lab.eventually(() =>
    lab.db.host.findFirst({ where: { name: 'esx01', connectionState: 'connected' } }),
  );
  await isOff(sourceId);
  const copy = await target.copyOf(sourceId);
  expect(copy).toMatchObject({ era: 2, sending: false });
  expect(copy?.durable).toBeGreaterThanOrEqual(durable);
  await expect(lab.submit(powerOn, { vmId: sourceId })).rejects.toThrow(/stands in for ledger01/);
  // Even a controller that forgets it all has a source that cannot write.
  await setStandIn(null);
  await succeeds(lab.run(powerOn, { vmId: sourceId }));
  expect(await io(sourceId, 'write -P 9 0 1M')).toMatch(/Input\/output error/);
  await has(sourceId, 7);
  await succeeds(lab.run(powerOff, { vmId: sourceId }));
  await setStandIn(vmId);
  await has(vmId, 8);

  // Undone: what stood in for it goes, and the source goes on with what it had.
  await isQuiet(vmId);
  await succeeds(lab.run(undoFailover, { sourceId, powerOn: true }));
  expect(await lab.db.vm.findUnique({ where: { id: vmId } })).toBeNull();
  await has(sourceId, 7);
  expect(await io(sourceId, 'write -P 9 0 1M', 'flush')).toMatch(/wrote 1048576/);
  await isInSync(sourceId);
  expect(await target.copyOf(sourceId)).toMatchObject({ era: 3, needsResync: false });
});

test.skipIf(!tools)('a planned move loses nothing, and is committed', async () => {
  expect(await io(sourceId, 'write -P 10 0 1M')).toMatch(/wrote 1048576/);
  await isInSync(sourceId);
  const { vmId, taskId } = await begin('move', sourceId, `${NAME}-moved`, 1);
  await succeeds(lab.ended(taskId));
  expect((await rowOf(vmId)).loss).toMatchObject({ isNone: true });
  await has(vmId, 10);
  await isQuiet(vmId);
  const decision = { sourceId, deleteSource: true, protectTargetId: target.id };
  await succeeds(lab.run(commitFailover, decision));
  expect(await lab.db.vm.findUnique({ where: { id: sourceId } })).toBeNull();
  await isInSync(vmId);
});
