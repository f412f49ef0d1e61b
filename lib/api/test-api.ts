// The REST face on a real database with a small inventory, called as the server calls it; hosts are
// played.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Hono } from 'hono';
import { pino } from 'pino';
import { systemClock } from '../base/system-clock.ts';
import { systemRandom } from '../base/system-random.ts';
import type { Agents } from '../controller/agents/agent-client.ts';
import { createDepotLinks } from '../controller/agents/depot-links.ts';
import { ChangeHub } from '../controller/changes/change-hub.ts';
import { openTestDatabase, type TestDatabase } from '../controller/database/test-database.ts';
import { makeTestDepot, type TestDepot } from '../controller/depot/test-vib.ts';
import { seedTestInventory, TEST_PASSWORD } from '../controller/inventory/seed-test-inventory.ts';
import { SignInLimiter } from '../controller/sessions/sign-in-limiter.ts';
import { VmList } from '../controller/vm-list/vm-list.ts';
import { API_BASE, createApi } from './app.ts';

export const TEST_ORIGIN = 'http://127.0.0.1:3000';

export interface TestApi {
  app: Hono;
  test: TestDatabase;
  files: TestDepot;
  depotLinks: ReturnType<typeof createDepotLinks>;
  /** Calls a path below /api/v1. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** A bearer token of the user. */
  signIn(userName: string): Promise<string>;
  /** Ends all streams, as a stopping server does. */
  stop(): void;
  close(): Promise<void>;
}

export async function openTestApi(): Promise<TestApi> {
  const test = await openTestDatabase();
  await seedTestInventory(test.database, systemRandom);
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-api-'));
  const files = await makeTestDepot(folder);
  const stopping = new AbortController();
  const { database: db, url: databaseUrl } = test;
  const clock = systemClock;
  const onLost = (): void => undefined;
  const changes = new ChangeHub({ db, databaseUrl, clock, signal: stopping.signal, onLost });
  const following = changes.run();
  const depotSecret = systemRandom.bytes(32);
  const depotLinks = createDepotLinks({
    ...{ publicUrl: TEST_ORIGIN, secret: depotSecret, clock: files.depot.clock },
  });
  const app = createApi({
    ...{ db, clock, random: systemRandom, logger: pino({ level: 'silent' }), agents: playedHosts },
    ...{ limiter: new SignInLimiter(clock), changes, depot: files.depot, depotLinks, depotSecret },
    ...{ publicUrl: TEST_ORIGIN, stopping: stopping.signal, vmList: new VmList(db, clock) },
    importFolders: [path.join(folder, 'import')],
  });
  const call: TestApi['call'] = async (below, init) =>
    app.fetch(new Request(`${TEST_ORIGIN}${API_BASE}${below}`, init));
  return {
    ...{ app, test, files, depotLinks, call },
    async signIn(userName) {
      const response = await call('/session', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ userName, password: TEST_PASSWORD }),
      });
      const { token } = await response.json();
      return String(token);
    },
    stop: () => stopping.abort(),
    async close() {
      stopping.abort();
      await following;
      await test.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Answers each call of a host with the least that its schema takes. */
const playedHosts: Agents = {
  async call(_host, rpc) {
    const answers: Record<string, unknown> = {
      readIoTrace: { entries: [] },
      startWorkload: { workloadId: 'workload-1' },
      stopWorkload: {},
      readLockSigns: { signs: [] },
      readFlash: {
        ...{ capacityBytes: 2 ** 30, usedBytes: 2 ** 20, storeFreeBytes: 2 ** 34 },
        ...{ state: 'ok', message: '' },
        contents: [
          {
            ...{ id: 'f1', filter: 'cache', disk: 'web01/web01.vmdk', bytes: 2 ** 20 },
            ...{ vmId: null, diskKey: null, mirrorOf: null, writtenAt: 1_790_000_000_000 },
          },
        ],
      },
      report: {
        ...{ revision: 1, bootId: 'b', hostUuid: '00000000-0000-4000-8000-000000000000' },
        ...{ hostId: 'host-1', maintenanceMode: false, vibs: [], datastores: [], worlds: [] },
        ...{ operations: [], workloads: [], events: [] },
        product: {
          ...{ version: '8.0.0', build: '1', acceptanceLevel: 'PartnerSupported' },
          ...{ cpuCores: 8, memoryMib: 1024 },
        },
      },
    };
    return rpc.output.parse(answers[rpc.name]);
  },
};
