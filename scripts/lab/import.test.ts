// An OVA is imported on a real host through a real controller, which is killed in the middle, and a
// client reads over NBD what was in it. The depot is the one of the product, with signed links.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { haveTools, runTool } from '#host/world/test-peers.ts';
import { answerDepotFile } from '#lib/api/depot-file.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { deleteVm } from '#lib/controller/clones/delete-vm.ts';
import { type Depot, openDepot } from '#lib/controller/depot/depot.ts';
import { listImports } from '#lib/controller/imports/import-store.ts';
import { importInput, importVm, submitImport } from '#lib/controller/imports/import-vm.ts';
import { startImport } from '#lib/controller/imports/receive-import.ts';
import { sweepImports } from '#lib/controller/imports/sweep-imports.ts';
import { cancelTask } from '#lib/controller/tasks/cancel-task.ts';
import { judgeOperation } from '#lib/controller/tasks/judge-operation.ts';
import { powerOff } from '#lib/controller/vms/power-off.ts';
import { ovfOf } from '#lib/formats/ova/ovf-fixture.ts';
import { writeTar } from '#lib/formats/ova/write-tar.ts';
import { labCaller, RealLab } from './real-lab.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const tools = haveTools('qemu-img', 'qemu-io');
let lab: RealLab;
let depot: Depot;
let server: Server;
/** Holds the depot's answers back while it is pending. */
let gate: Promise<void> = Promise.resolve();
let asked = 0;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    asked += 1;
    await gate;
    const url = new URL(request.url ?? '', 'http://depot');
    const [kind = '', fileName = ''] = url.pathname.split('/').slice(-2);
    const depotSecret = readFileSync(path.join(lab.folder, 'secret'));
    const query = Object.fromEntries(url.searchParams);
    const answer = await answerDepotFile({ kind, fileName, query }, { depot, depotSecret });
    response.writeHead(answer.status);
    Readable.from(answer.body ?? []).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  lab = await RealLab.open({ depotUrl: `http://127.0.0.1:${port}` });
  depot = { folder: path.join(lab.folder, 'depot'), rootsFile: lab.rootsFile, clock: systemClock };
  await openDepot(depot);
});
afterAll(async () => {
  await lab.close();
  server.closeAllConnections();
  server.close();
});

/** An appliance with a disk of 16 MiB that holds 0x5a in its second MiB. */
function makeOva(): Uint8Array {
  const file = (name: string) => path.join(lab.folder, name);
  const quiet = { stdio: 'ignore' } as const;
  execFileSync('qemu-img', ['create', '-f', 'raw', file('disk.raw'), '16M'], quiet);
  execFileSync('qemu-io', ['-f', 'raw', '-c', 'write -P 0x5a 1M 1M', file('disk.raw')], quiet);
  const form = ['-O', 'vmdk', '-o', 'subformat=streamOptimized'];
  const ends = [file('disk.raw'), file('disk.vmdk')];
  execFileSync('qemu-img', ['convert', '-f', 'raw', ...form, ...ends], quiet);
  const disk = readFileSync(file('disk.vmdk'));
  const digest = createHash('sha256').update(disk).digest('hex');
  return writeTar([
    { name: 'a.ovf', bytes: ovfOf({ files: [{ href: 'disk.vmdk' }] }) },
    { name: 'a.mf', bytes: new TextEncoder().encode(`SHA256(disk.vmdk)= ${digest}\n`) },
    { name: 'disk.vmdk', bytes: disk },
  ]);
}

async function upload(): Promise<string> {
  const bytes = Readable.from([makeOva()]);
  const seams = { db: lab.db, depot, random: systemRandom, caller: labCaller };
  return (await startImport({ ...seams, fileName: 'a.ova', bytes })).id;
}

async function inputFor(importId: string, name: string, powerOn: boolean) {
  const [hostId = ''] = lab.hostIds;
  const [datastoreId = ''] = lab.datastoreIds;
  const body = { name, hostId, datastoreId, powerOn };
  return importInput({ depot, caller: labCaller }, importId, body);
}

const leftOnDatastore = (): string[] =>
  readdirSync(path.join(lab.folder, 'ds1')).filter((name) => name.startsWith('.new-'));

test.skipIf(!tools)('an OVA becomes a VM that runs, while its controller is killed', async () => {
  const importId = await upload();
  const input = await inputFor(importId, 'appliance', true);
  let open = () => {};
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const taskId = await submitImport({ db: lab.db, depot, caller: labCaller }, input);
  await expect(lab.submit(importVm, input)).rejects.toMatchObject({ fault: 'TaskInProgress' });
  await lab.eventually(async () => asked > 0);
  await lab.killController();
  lab.startController();
  open();
  const { state, fault } = await lab.ended(taskId);
  expect({ state, fault }).toEqual({ state: 'success', fault: null });
  const vm = await lab.eventually(() =>
    lab.db.vm.findFirst({
      where: { name: 'appliance', powerState: 'poweredOn', nbdPort: { gt: 0 } },
    }),
  );
  // The power-on task ends a moment after what it does shows.
  const going = { targetId: vm.id, completedAt: null };
  await lab.eventually(async () => (await lab.db.task.count({ where: going })) === 0);
  expect(vm).toMatchObject({ cpuCount: 2, memoryMib: 512, guestFullName: 'Debian 12' });
  const exported = `nbd://127.0.0.1:${vm.nbdPort}/scsi0:0`;
  const reads = ['read -P 0 0 1M', 'read -P 0x5a 1M 1M', 'read -P 0 2M 14M'];
  const commands = reads.flatMap((read) => ['-c', read]);
  const read = await runTool('qemu-io', ['-r', '-f', 'raw', ...commands, exported]);
  expect({ ...read, out: read.stdout }).toMatchObject({
    ...{ code: 0, out: expect.not.stringContaining('Pattern verification failed') },
  });
  await sweepImports(lab.db, depot);
  expect(await listImports(depot)).toEqual([]);
  expect(leftOnDatastore()).toEqual([]);
});

test.skipIf(!tools)(
  'a name that is taken is refused, and a cancelled import leaves nothing',
  async () => {
    const importId = await upload();
    const judged = { db: lab.db, caller: labCaller, operation: importVm };
    const taken = await inputFor(importId, 'appliance', false);
    const { reasons } = await judgeOperation({ ...judged, input: taken });
    expect(reasons).toMatchObject([{ fault: 'DuplicateName' }]);
    const input = await inputFor(importId, 'second', false);
    gate = new Promise(() => undefined);
    const before = asked;
    const taskId = await submitImport({ db: lab.db, depot, caller: labCaller }, input);
    await lab.eventually(async () => asked > before);
    expect(leftOnDatastore()).toHaveLength(1);
    await cancelTask(lab.db, labCaller, taskId);
    const { state, fault } = await lab.ended(taskId);
    expect({ state, fault }).toMatchObject({ state: 'canceled' });
    expect(leftOnDatastore()).toEqual([]);
    expect(readdirSync(path.join(lab.folder, 'ds1'))).not.toContain('second');
  },
);

test.skipIf(!tools)('what was imported is deleted like any other VM', async () => {
  const vm = await lab.db.vm.findFirstOrThrow({ where: { name: 'appliance' } });
  for (const operation of [powerOff, deleteVm]) {
    const { state, fault } = await lab.run(operation, { vmId: vm.id });
    expect({ state, fault }).toEqual({ state: 'success', fault: null });
  }
  expect(readdirSync(path.join(lab.folder, 'ds1'))).not.toContain('appliance');
});
