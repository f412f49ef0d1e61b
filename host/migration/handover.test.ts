// Live migration between two real worlds, under load, and with the destination killed at every
// step.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { Fault } from '#lib/model/fault.ts';
import { MIB } from '#lib/model/limits.ts';
import type { HandoverTicket } from '#lib/wire/agent/host-rpc.ts';
import { ServedDisk } from '../disk/served-disk.ts';
import { NbdServer } from '../nbd/nbd-server.ts';
import { TestClient } from '../nbd/test-client.ts';
import { haveTools, runTool } from '../world/test-peers.ts';
import type { WorldClient } from '../world/world-client.ts';
import { clientOf, type HarnessDisk, WorldHarness } from '../world/world-harness.ts';
import { type Destination, handOver } from './hand-over.ts';
import { spawnDestination } from './spawn-destination.ts';

const COUNTER = `
export default {
  kind: 'partial', safeBecause: 'it only counts', name: 'counter', class: 'inspection',
  apiVersion: 1, summary: '', properties: [],
  statistics: [{ name: 'writes', label: 'Writes', kind: 'counter', unit: '' }],
  open({ state, raiseEvent }) {
    let writes = state ? Number(new TextDecoder().decode(state)) : 0;
    return { write() { writes += 1; },
      diskEvent: ({ kind, phase }) => raiseEvent('info', kind + ' ' + phase),
      statistics: () => ({ writes }),
      saveState: () => new TextEncoder().encode(String(writes)) };
  } };`;

let harness: WorldHarness;
let disk: HarnessDisk;

beforeEach(async () => {
  harness = await WorldHarness.create();
  disk = await harness.makeDisk(0);
});

afterEach(async () => {
  await harness.dispose();
});

/**
 * Writes and reads back blocks of its own until told to stop, as many at a time as there are
 * workers.
 */
class Load {
  completed = 0;
  #stop = false;
  readonly #workers: Promise<void>[];

  constructor(client: TestClient, depth: number, blockBytes = 4096) {
    this.#workers = Array.from({ length: depth }, (_, index) =>
      this.#work(client, index, blockBytes),
    );
  }

  /** Throws what any worker met with. */
  async stop(): Promise<void> {
    this.#stop = true;
    await Promise.all(this.#workers);
  }

  async progress(by: number): Promise<void> {
    const goal = this.completed + by;
    while (this.completed < goal) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async #work(client: TestClient, index: number, blockBytes: number): Promise<void> {
    for (let round = 0; !this.#stop; round++) {
      const offset = (index + 1) * blockBytes;
      const data = Buffer.alloc(blockBytes, (index * 31 + round) & 0xff);
      const written = await client.request({ command: COMMANDS.write, offset, data });
      expect(written.error).toBe(0);
      const read = await client.request({ command: COMMANDS.read, offset, length: blockBytes });
      expect(read.error).toBe(0);
      expect(read.data.equals(data)).toBe(true);
      this.completed += 1;
    }
  }
}

test('a VM moves there and back under load; no error, filters keep their state', async () => {
  const filter = await harness.makeFilter('counter', COUNTER);
  const source = await harness.start(await harness.makeLaunch([disk], [filter]));
  const unix = await TestClient.connect({ path: source.launch.nbdSocketPath });
  const port = source.status.nbdPort;
  const tcp = await TestClient.connect({ host: '127.0.0.1', port });
  const half = await openHandshake({ host: '127.0.0.1', port });
  const loads = [new Load(unix, 32), new Load(tcp, 4, 256 * 1024)];
  let client = source.client;
  for (let move = 0; move < 2; move++) {
    await loads[0]?.progress(200);
    const launch = await harness.makeLaunch([disk], [filter], true);
    const before = (await client.sample()).disks[0]?.filters[0]?.statistics.writes ?? 0;
    const result = await client.handOver(await harness.ticket(launch));
    expect(result.connections).toBe(3);
    expect(result.pauseMs).toBeGreaterThan(0);
    client = clientOf(launch);
    const status = await client.waitUntilReady();
    harness.adopt(status.pid);
    expect(status).toMatchObject({ state: 'running', nbdPort: port });
    const after = (await client.sample()).disks[0]?.filters[0]?.statistics.writes ?? 0;
    expect(after).toBeGreaterThanOrEqual(before);
    await heard(client, ['migrate done']);
    await loads[0]?.progress(200);
  }
  for (const load of loads) await load.stop();
  await half.go('scsi0:0');
  const late = await TestClient.connect({ host: '127.0.0.1', port });
  for (const each of [half, late, tcp, unix]) {
    expect((await each.request({ command: COMMANDS.flush })).error).toBe(0);
    each.close();
  }
  await client.stop();
}, 60_000);

/** What its filters were told, as they say themselves. */
async function heard(client: WorldClient, expected: string[]): Promise<void> {
  let said: string[] = [];
  while (said.length < expected.length) {
    said = (await client.status()).filterEvents.map(({ message }) => message);
  }
  expect(said).toEqual(expected);
}

async function openHandshake(where: { host: string; port: number }): Promise<TestClient> {
  const client = new TestClient(where);
  await client.greet();
  return client;
}

type Step = 'ready' | 'activate' | 'goOn';

/** Kills the destination just before, or while, a step is under way. */
class Murderer implements Destination {
  readonly #inner: Destination;
  readonly #step: Step;
  readonly #whileUnderWay: boolean;

  constructor(inner: Destination, step: Step, whileUnderWay: boolean) {
    this.#inner = inner;
    this.#step = step;
    this.#whileUnderWay = whileUnderWay;
  }

  ready(): Promise<void> {
    return this.#do('ready', () => this.#inner.ready());
  }

  activate(state: Parameters<Destination['activate']>[0]): Promise<void> {
    return this.#do('activate', () => this.#inner.activate(state));
  }

  goOn(): Promise<void> {
    return this.#inner.goOn();
  }

  kill(): Promise<void> {
    return this.#inner.kill();
  }

  detach(): void {
    this.#inner.detach();
  }

  async #do(step: Step, work: () => Promise<void>): Promise<void> {
    if (step !== this.#step) return work();
    if (!this.#whileUnderWay) {
      await this.#inner.kill();
      return work();
    }
    const underWay = work();
    underWay.catch(() => undefined);
    await this.#inner.kill();
    // It may have ended well before it was killed: the source must still believe in no destination
    // then.
    await underWay;
    throw new Error('the destination was killed');
  }
}

test.each([
  ['ready', false],
  ['ready', true],
  ['activate', false],
  ['activate', true],
] as const)(
  'destination killed at %s (under way: %s): the source goes on',
  async (step, underWay) => {
    const { server, served } = await serveHere(disk);
    const port = await server.listenTcp({ host: '127.0.0.1', port: 0 });
    const client = await TestClient.connect({ host: '127.0.0.1', port });
    const load = new Load(client, 16);
    await load.progress(50);
    const ticket: HandoverTicket = await harness.ticket(await harness.makeLaunch([disk], [], true));
    const spawnHere = (fds: readonly number[]): Destination =>
      spawnDestination({ ticket, fds, environment: {}, clock: systemClock });
    const attempt = handOver({
      server,
      disks: [served],
      clock: systemClock,
      nbdHost: '127.0.0.1',
      start: (fds) => new Murderer(spawnHere(fds), step, underWay),
      log: () => undefined,
    });
    await expect(attempt).rejects.toMatchObject({ fault: 'MigrationFault' });
    await load.progress(50);
    await load.stop();
    expect(served.isServing()).toBe(true);
    expect(server.port).toBe(port);
    const late = await TestClient.connect({ host: '127.0.0.1', port });
    expect((await late.request({ command: COMMANDS.read, length: 512 })).error).toBe(0);
    server.close();
    await served.close();
  },
  60_000,
);

test('a destination that cannot open refuses, and the source goes on', async () => {
  const source = await harness.start(await harness.makeLaunch([disk]));
  const client = await TestClient.connect({ path: source.launch.nbdSocketPath });
  const load = new Load(client, 8);
  const bad = await harness.makeFilter('counter', COUNTER);
  const launch = await harness.makeLaunch([disk], [{ ...bad, entrySha256: '0'.repeat(64) }], true);
  const attempt = source.client.handOver(await harness.ticket(launch));
  await expect(attempt).rejects.toBeInstanceOf(Fault);
  await load.progress(50);
  await load.stop();
  expect((await source.client.status()).state).toBe('running');
  await source.client.stop();
}, 60_000);

async function serveHere({ key, descriptorPath }: HarnessDisk): Promise<{
  server: NbdServer;
  served: ServedDisk;
}> {
  const served = await ServedDisk.open(
    {
      key,
      name: 'scsi0:0',
      id: 'test/disk0.vmdk',
      descriptorPath,
      owner: { hostUuid: 'here', hostName: 'here', vmId: 'vm-1' },
      clock: systemClock,
      random: systemRandom,
      log: () => undefined,
      onFilterFault: () => undefined,
      onFilterEvent: () => undefined,
      onLockLost: () => undefined,
    },
    [],
  );
  expect(served.sizeBytes).toBe(64 * MIB);
  const server = new NbdServer({ exports: [served], clock: systemClock, log: () => undefined });
  return { server, served };
}

test.skipIf(!haveTools('fio'))(
  'fio verifies its data over two moves',
  async () => {
    const source = await harness.start(await harness.makeLaunch([disk]));
    const { nbdPort } = source.status;
    let running = true;
    const args = ['--name=v', '--ioengine=nbd', `--uri=nbd://127.0.0.1:${nbdPort}/scsi0:0`];
    args.push('--rw=randrw', '--bsrange=512-256k', '--blockalign=512', '--size=64m', '--loops=4');
    args.push('--iodepth=32', '--verify=crc32c', '--verify_fatal=1');
    const fio = runTool('fio', args, { cwd: harness.directory }).finally(() => {
      running = false;
    });
    let client = source.client;
    let movesUnderLoad = 0;
    for (let move = 0; move < 2; move++) {
      const launch = await harness.makeLaunch([disk], [], true);
      await client.handOver(await harness.ticket(launch));
      client = clientOf(launch);
      harness.adopt((await client.waitUntilReady()).pid);
      if (running) movesUnderLoad += 1;
    }
    const { code, stderr } = await fio;
    expect(stderr).not.toMatch(/verify|error/i);
    expect(code).toBe(0);
    expect(movesUnderLoad).toBeGreaterThan(0);
    await client.stop();
  },
  120_000,
);
