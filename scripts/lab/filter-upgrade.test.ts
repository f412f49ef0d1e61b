// A filter is upgraded over two real hosts while a client writes through it and verifies: the VM
// moves between hosts with different versions, what the filter remembers goes along, no I/O fails.
// The controller is killed in the middle.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { haveTools, runTool } from '#host/world/test-peers.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { addVibs } from '#lib/controller/depot/add-vibs.ts';
import { type Depot, openDepot } from '#lib/controller/depot/depot.ts';
import { installIoFilter } from '#lib/controller/io-filters/install-io-filter.ts';
import { upgradeIoFilter } from '#lib/controller/io-filters/upgrade-io-filter.ts';
import { createPolicy } from '#lib/controller/policies/create-policy.ts';
import { assignPolicies } from '#lib/controller/vms/assign-policies.ts';
import { makeFilterFiles } from '#lib/formats/vib/filter-fixtures.ts';
import { makeTestAuthority, type TestAuthority, testVib } from '#lib/formats/vib/vib-fixtures.ts';
import { MIB } from '#lib/model/limits.ts';
import { labCaller, RealLab } from './real-lab.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const fio = haveTools('fio');
let lab: RealLab;
let depot: Depot;
let server: Server;
let partner: TestAuthority;

beforeAll(async () => {
  partner = await makeTestAuthority('Partner Root');
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://depot');
    response.end(readFileSync(path.join(depot.folder, 'vibs', path.basename(pathname))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const depotUrl = `http://127.0.0.1:${port}`;
  lab = await RealLab.open({ roots: [partner.root], depotUrl, drsEnabled: true });
  const folder = path.join(lab.folder, 'depot');
  depot = { folder, rootsFile: lab.rootsFile, clock: systemClock };
  await openDepot(depot);
});
afterAll(async () => {
  await lab.close();
  server.close();
});

/** Counts writes, says at each opening which version it is and after how many, and keeps count. */
const codeOf = (version: string) => `
const pass = () => 0;
export default {
  kind: 'total', name: 'counting', class: 'inspection', apiVersion: 1,
  summary: 'Counts writes, for tests', properties: [], statistics: [],
  open({ state, raiseEvent }) {
    let writes = state === null ? 0 : JSON.parse(Buffer.from(state).toString()).writes;
    raiseEvent('info', 'opened by ${version} after ' + writes + ' writes');
    return {
      read: pass, flush: pass, trim: pass, writeZeroes: pass, prefetch: pass, completed: pass,
      write() { writes += 1; return 0; },
      saveState: () => Buffer.from(JSON.stringify({ writes })),
    };
  },
};
`;

async function addVersion(version: string): Promise<string> {
  const bytes = await testVib({
    descriptor: { name: 'counting', version, acceptanceLevel: 'PartnerSupported' },
    files: makeFilterFiles('counting', 'inspection', { filter: codeOf(version) }),
    keys: [partner.key],
  });
  const options = { db: lab.db, depot, random: systemRandom, addedBy: 'tester' };
  const [id = ''] = await addVibs(options, bytes);
  return id;
}

async function done(running: Promise<{ state: string; fault: unknown }>): Promise<void> {
  const { state, fault } = await running;
  expect({ state, fault }).toEqual({ state: 'success', fault: null });
}

async function versions(): Promise<string[]> {
  const vibs = await lab.db.hostVib.findMany({ orderBy: { host: { name: 'asc' } } });
  return vibs.map(({ version }) => version);
}

test.skipIf(!fio)('a filter is upgraded under a client that verifies its data', async () => {
  const [old, recent] = [await addVersion('1.0.0'), await addVersion('1.1.0')];
  await done(lab.run(installIoFilter, { computeResourceId: lab.clusterId, depotId: old }));
  const vmId = await lab.addVm('web01', [64 * MIB]);
  const rules = [{ filterClass: 'inspection', provider: 'counting', properties: {} }];
  const policyId = await createPolicy(lab.db, labCaller, { name: 'Counted', rules });
  await done(lab.run(assignPolicies, { vmId, assignments: [{ diskKey: 2000, policyId }] }));
  const { nbdPort } = await lab.db.vm.findUniqueOrThrow({ where: { id: vmId } });
  const args = ['--name=v', '--ioengine=nbd', `--uri=nbd://127.0.0.1:${nbdPort}/scsi0:0`];
  args.push('--rw=randrw', '--bs=4k', '--size=32m', '--iodepth=8', '--rate_iops=400,400');
  args.push('--verify=crc32c', '--verify_fatal=1', '--verify_backlog=64');
  args.push('--loops=1000', '--time_based', '--runtime=240');
  const stop = new AbortController();
  const options = { cwd: lab.folder, timeoutMs: 280_000, stop: stop.signal };
  let writing = true;
  const client = runTool('fio', args, options).finally(() => {
    writing = false;
  });
  await lab.eventually(async () => {
    const disks = await lab.db.disk.findMany({ where: { vmId } });
    return disks.some(({ connections }) => connections > 0);
  });

  const taskId = await lab.submit(upgradeIoFilter, {
    ...{ clusterId: lab.clusterId, filterId: 'TST_counting_1.0.0', depotId: recent },
    hostsAtOnce: 1,
  });
  await lab.eventually(async () => (await versions()).includes('1.1.0'));
  await lab.killController();
  lab.startController();
  await done(lab.ended(taskId));
  // A client that met an error, or read what it had not written, would have ended.
  expect(writing).toBe(true);
  stop.abort();
  const { stderr, stdout } = await client;
  expect(`${stderr}${stdout}`).not.toMatch(/verify:|error=|err= *[1-9]/i);

  expect(await versions()).toEqual(['1.1.0', '1.1.0']);
  const events = await lab.db.event.findMany({
    where: { objects: { has: vmId }, message: { contains: 'opened by' } },
    orderBy: { id: 'asc' },
  });
  const opened = events.map(({ message }) => /opened by (\S+) after (\d+)/.exec(message));
  expect(opened.map((match) => match?.[1])).toEqual(['1.0.0', '1.0.0', '1.1.0']);
  const counts = opened.map((match) => Number(match?.[2]));
  expect(counts[0]).toBe(0);
  // What the old version had counted is where the new one begins.
  expect(counts[2]).toBeGreaterThan(counts[1] ?? 0);
  expect(counts[1]).toBeGreaterThan(0);
});
