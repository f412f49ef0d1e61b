// Recovery from a replication target with a real controller, real hosts and a real target, to which
// the test itself sends as a source would: what comes back is what was written up to the moment.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { FramedConnection } from '#host/filter-daemon/framed-connection.ts';
import { connectPsk } from '#host/replica/psk-tls.ts';
import { callPeer } from '#host/volumes/rpc-client.ts';
import { haveTools, mustRun } from '#host/world/test-peers.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { pairTarget } from '#lib/controller/replication/change-targets.ts';
import { endFailoverTest } from '#lib/controller/replication/end-test.ts';
import { newVmId, recoverVm } from '#lib/controller/replication/recover-vm.ts';
import { replicaIdOf, withTarget } from '#lib/controller/replication/replicated-disks.ts';
import { openTarget } from '#lib/controller/replication/targets.ts';
import { createSealer } from '#lib/controller/secrets/sealer.ts';
import { readVm } from '#lib/controller/vms/read-vm.ts';
import { encodeMessage, encodeText, parseMessage } from '#lib/filter-sdk/replication-messages.ts';
import { encodeRecord, type RecordKind } from '#lib/filter-sdk/replication-record.ts';
import { MIB } from '#lib/model/limits.ts';
import { newPairingCode, queryReplicas } from '#lib/wire/agent/target-rpc.ts';
import { labCaller, RealLab } from './real-lab.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const TOKEN = 'a token for the tests of recovery';
const ENTRY = path.join(import.meta.dirname, '..', '..', 'host', 'replica', 'target-main.ts');
const SIZE = 16 * MIB;
const tools = haveTools('qemu-io');
/** The first second at which something was written, in microseconds since the Unix epoch. */
const firstUs = (systemClock.now() - 60_000) * 1000;
const readySchema = z.object({ port: z.number(), rpcPort: z.number(), nbdPort: z.number() });

let lab: RealLab;
let target: ChildProcess;
let ports = { port: 0, rpcPort: 0, nbdPort: 0 };
let sourceId = '';
let targetStarted = new Date(0);

beforeAll(async () => {
  lab = await RealLab.open();
  await startTarget();
  sourceId = await lab.addVm('db01', [SIZE]);
  await protect(ports.port);
});
afterAll(async () => {
  target.kill('SIGTERM');
  await lab.close();
});

/** On the ports that it had before, if it ran before. */
async function startTarget(): Promise<void> {
  const { port, rpcPort, nbdPort } = ports;
  const args = ['--port', `${port}`, '--rpc-port', `${rpcPort}`, '--nbd-port', `${nbdPort}`];
  target = fork(ENTRY, ['--directory', path.join(lab.folder, 'copies'), ...args], {
    env: { ...process.env, SLUICE_TARGET_TOKEN: TOKEN, SLUICE_LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [message] = await once(target, 'message');
  ports = readySchema.parse(message);
  targetStarted = new Date(systemClock.now());
}

async function killTarget(): Promise<void> {
  const gone = once(target, 'exit');
  target.kill('SIGKILL');
  await gone;
}

function sealer() {
  return createSealer(readFileSync(path.join(lab.folder, 'secret')), systemRandom);
}

/** What is asked of a target is refused while the controller has it as not answering. */
async function isKnownToAnswer(): Promise<boolean> {
  const row = await lab.db.replicationTarget.findFirstOrThrow();
  return row.trouble === '' && row.checkedAt !== null && row.checkedAt >= targetStarted;
}

function readReplicas() {
  const place = { host: '127.0.0.1', port: ports.rpcPort };
  return callPeer({ place, token: TOKEN }, queryReplicas, {});
}

/** Pairs, and writes down what a policy with replication would have put on the disk. */
async function protect(port: number): Promise<void> {
  const place = { host: '127.0.0.1', port: ports.rpcPort };
  const { code } = await callPeer({ place, token: TOKEN }, newPairingCode, {});
  const on = { db: lab.db, caller: labCaller, sealer: sealer(), clock: systemClock };
  const id = await pairTarget(on, { name: 'Recovery site', address: '127.0.0.1', port, code });
  const vm = await lab.db.vm.findUniqueOrThrow({ where: { id: sourceId } });
  const disk = { instanceUuid: vm.instanceUuid, diskKey: 2000 };
  const plain = { name: 'replication', class: 'replication' as const, properties: {} };
  const filters = await withTarget(lab.db, [plain], { disk, current: [] });
  expect(filters).toMatchObject([{ properties: { target: `127.0.0.1:${port}`, disk: '2000' } }]);
  const where = { vmId_key: { vmId: sourceId, key: 2000 } };
  await lab.db.disk.update({ where, data: { filters } });
  await send(id, replicaIdOf(disk));
  const found = { targetId: id, diskId: replicaIdOf(disk) };
  await lab.eventually(async () => {
    const replica = await lab.db.replica.findFirst({ where: found });
    return replica !== null && JSON.stringify(replica.report).includes('"durable":4');
  });
}

/** The first MiB is full of ones a second after the beginning, and of twos a second later. */
async function send(targetId: string, diskId: string): Promise<void> {
  const row = await lab.db.replicationTarget.findUniqueOrThrow({ where: { id: targetId } });
  const { address, port, pairing, key } = openTarget(sealer(), row);
  const socket = await connectPsk({ host: address, port, identity: pairing, key });
  const connection = new FramedConnection(socket, () => undefined);
  const record = (sequence: number, kind: RecordKind, data: Uint8Array, offset = 0) => {
    const timeUs = firstUs + sequence * 1_000_000;
    const header = { kind, session: 1, sequence, timeUs, offset, length: data.length };
    connection.send(encodeMessage('records', 1, encodeRecord(header, data)));
  };
  const durable = new Promise<void>((resolve, reject) => {
    connection.onClose(() => reject(new Error('the connection has ended')));
    connection.onMessage((message) => {
      const { type, body } = parseMessage(message);
      if (type === 'opened') {
        record(1, 'resyncBegin', new Uint8Array(0), 1);
        record(2, 'resyncEnd', new Uint8Array(0));
        record(3, 'write', new Uint8Array(MIB).fill(1));
        record(4, 'write', new Uint8Array(MIB).fill(2));
      }
      if (type === 'durable' && body[0] === 4) resolve();
    });
  });
  const hello = JSON.stringify({ diskId, sizeBytes: SIZE });
  connection.send(encodeMessage('open', 1, encodeText(hello)));
  await durable.finally(() => socket.destroy());
}

async function io(vmId: string, command: string): Promise<void> {
  if (!tools) return;
  const [disk] = (await readVm({ db: lab.db, caller: labCaller }, vmId)).disks;
  const said = await mustRun('qemu-io', ['-f', 'raw', '-c', command, disk?.nbdUri ?? '']);
  expect(said).not.toMatch(/verification failed/i);
}

async function begin(name: string, kind: 'recover' | 'test', second: number | null) {
  const vmId = await newVmId(lab.db);
  const at = second === null ? null : new Date(firstUs / 1000 + second * 1000).toISOString();
  const place = { hostId: lab.hostIds[1] ?? '', datastoreId: lab.datastoreIds[1] ?? '' };
  const taskId = await lab.submit(recoverVm, { vmId, sourceId, name, kind, at, ...place });
  return { vmId, taskId };
}

async function succeeds(running: Promise<{ state: string; fault: unknown }>): Promise<void> {
  const { state, fault } = await running;
  expect({ state, fault }).toEqual({ state: 'success', fault: null });
}

test('a test has its moment, also from a target that was killed, and leaves nothing', async () => {
  const { vmId, taskId } = await begin('db01-test', 'test', 3.5);
  await succeeds(lab.ended(taskId));
  await io(vmId, 'read -P 1 0 1M');
  await io(vmId, 'write -P 9 1M 2M');
  await killTarget();
  await startTarget();
  await lab.eventually(isKnownToAnswer);
  await io(vmId, 'read -P 1 0 1M');
  await io(vmId, 'read -P 9 1M 2M');
  await io(vmId, 'read -P 0 3M 13M');
  expect((await readReplicas()).moments).toHaveLength(1);
  await succeeds(lab.run(endFailoverTest, { vmId }));
  expect(await lab.db.vm.findUnique({ where: { id: vmId } })).toBeNull();
  expect((await readReplicas()).moments).toEqual([]);
  expect(await lab.db.recovery.findUnique({ where: { vmId } })).toMatchObject({ state: 'ended' });
});

test('a recovery survives a kill of the controller, and ends without the target', async () => {
  const { vmId, taskId } = await begin('db01-recovered', 'recover', null);
  await lab.eventually(async () => {
    const task = await lab.db.task.findUniqueOrThrow({ where: { id: taskId } });
    return task.progress >= 20 || task.completedAt !== null;
  });
  await lab.killController();
  lab.startController();
  await succeeds(lab.ended(taskId));
  await lab.eventually(async () => (await readReplicas()).moments.length === 0);
  await killTarget();
  await io(vmId, 'read -P 2 0 1M');
  await io(vmId, 'read -P 0 1M 15M');
  await io(vmId, 'write -P 5 0 4M');
  const vm = await readVm({ db: lab.db, caller: labCaller }, vmId);
  expect(vm).toMatchObject({ powerState: 'poweredOn', snapshots: [] });
  const [disk] = await lab.db.disk.findMany({ where: { vmId } });
  expect(disk?.path).not.toContain('/moment/');
});
