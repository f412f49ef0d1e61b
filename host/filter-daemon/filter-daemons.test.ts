// Tests of daemons, with real processes: a filter whose daemons on two hosts answer each other, out
// of VIBs that were installed, and daemons that end, change and go.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { makeFilterFiles } from '#lib/formats/vib/filter-fixtures.ts';
import {
  makeTestAuthority,
  TEST_NOW_MS,
  type TestAuthority,
  testVib,
} from '#lib/formats/vib/vib-fixtures.ts';
import { type HostImage, openImage } from '../image/host-image.ts';
import { type RunningWorld, WorldHarness } from '../world/world-harness.ts';
import { FilterDaemons } from './filter-daemons.ts';

/** Tells its daemon where the other one is, has a greeting echoed there, and counts the echoes. */
const FILTER = `
let echoes = 0, port = 0, connected = 0;
const text = (bytes) => new TextDecoder().decode(bytes);
export default { kind: 'partial', safeBecause: 'it looks at no I/O', name: 'echo',
  class: 'inspection', apiVersion: 1, summary: '', statistics: [],
  properties: [
    { name: 'peer', label: 'Peer', help: '', type: 'integer', default: 0 }],
  open({ daemon, properties, disk }) {
    daemon.onMessage((message) => {
      const [word, value] = text(message).split(' ');
      if (word === 'port') port = Number(value);
      if (word === 'echo' && value === disk.id) echoes += 1;
    });
    daemon.onState((now) => {
      connected = now ? 1 : 0;
      if (now && properties.peer) {
        daemon.send(new TextEncoder().encode('ask ' + properties.peer + ' ' + disk.id));
      }
    });
    return { statistics: () => ({ echoes, port, connected }) };
  } };`;

/** Asks another host's daemon on a disk's behalf, and answers when asked. */
const DAEMON = `
const text = (bytes) => new TextDecoder().decode(bytes);
const bytes = (text) => new TextEncoder().encode(text);
export default { name: 'echo', apiVersion: 1,
  async start({ onDisk, network, host, log }) {
    log('info', 'on ' + host.name);
    const port = await network.listen(0, (peer) => {
      peer.onMessage((message) => peer.send(message));
    });
    onDisk((disk) => {
      disk.send(bytes('port ' + port));
      disk.onMessage(async (message) => {
        const [, peerPort, word] = text(message).split(' ');
        if (disk.diskId !== word) throw new Error('another disk');
        const peer = await network.connect('127.0.0.1', Number(peerPort));
        peer.onMessage((answer) => { disk.send(answer); peer.close(); });
        peer.send(bytes('echo ' + word));
      });
    });
    return {};
  } };`;

let authority: TestAuthority;
let folder = '';
let harness: WorldHarness;
const hosts: TestHost[] = [];

beforeAll(async () => {
  authority = await makeTestAuthority('Partner Root');
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sl-dmn-'));
  harness = await WorldHarness.create();
});

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
  await harness.dispose();
  await rm(folder, { recursive: true, force: true });
});

afterAll(() => expect(hosts).toEqual([]));

/** An image and its daemons, looked after as an agent does. */
class TestHost {
  readonly image: HostImage;
  readonly daemons: FilterDaemons;
  readonly events: string[] = [];
  #stopped = false;
  readonly #ticking: Promise<void>;

  private constructor(directory: string, name: string, image: HostImage) {
    this.image = image;
    this.daemons = new FilterDaemons({
      ...{ clock: systemClock, runtime: directory, logs: directory, networkAddress: '127.0.0.1' },
      installed: () => image.listFilters(),
      host: () => ({ id: name, name }),
      onEvent: (_, message) => this.events.push(message),
    });
    this.#ticking = this.#tick();
  }

  static async open(name: string): Promise<TestHost> {
    const directory = join(folder, name);
    const clock = { ...systemClock, now: () => TEST_NOW_MS };
    const image = await openImage({ directory, trustedRoots: [authority.root], clock });
    const host = new TestHost(directory, name, image);
    hosts.push(host);
    return host;
  }

  async install(daemon: string, version = '1.0.0'): Promise<void> {
    const source = await testVib({
      descriptor: { name: 'echo', version, acceptanceLevel: 'PartnerSupported' },
      files: makeFilterFiles('echo', 'inspection', { filter: FILTER, daemon }),
      keys: [authority.key],
    });
    await this.image.installVib({ source, product: { version: '8.0.0' } });
  }

  /** A world on this host whose disk has the filter. */
  async world(index: number, peer: number): Promise<RunningWorld> {
    const installed = this.image.findFilter('echo');
    if (!installed) throw new Error('the filter is not installed');
    const { manifest, entryPath } = installed;
    const disk = await harness.makeDisk(index);
    const launch = await harness.makeLaunch([disk]);
    const filter = {
      ...{ name: 'echo', class: manifest.class, entryPath, properties: { peer } },
      entrySha256: manifest.entrySha256,
      daemonSocketPath: this.daemons.socketPathOf('echo'),
    };
    for (const each of launch.disks) each.filters.push(filter);
    return harness.start(launch);
  }

  get pid(): number {
    return this.daemons.pids.get('echo') ?? 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ticking;
    await this.daemons.stop();
  }

  async #tick(): Promise<void> {
    while (!this.#stopped) {
      this.daemons.tick();
      await sleep(systemClock, 50);
    }
  }
}

async function statistics(world: RunningWorld): Promise<Record<string, number>> {
  const { disks } = await world.client.sample();
  return disks[0]?.filters[0]?.statistics ?? {};
}

/** Asks again until it is as wanted; the test's own limit ends what never is. */
async function until<T>(ask: () => T | Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (wanted(value)) return value;
    await sleep(systemClock, 50);
  }
}

test('two disks reach each other by their daemons, and again after one was killed', async () => {
  const [here, there] = [await TestHost.open('esx01'), await TestHost.open('esx02')];
  await here.install(DAEMON);
  await there.install(DAEMON);
  const far = await there.world(1, 0);
  const { port = 0 } = await until(
    () => statistics(far),
    (found) => (found.port ?? 0) > 0,
  );
  const near = await here.world(0, port);
  await until(
    () => statistics(near),
    ({ echoes }) => echoes === 1,
  );
  const before = here.pid;
  process.kill(before, 'SIGKILL');
  await until(
    () => here.pid,
    (pid) => pid !== 0 && pid !== before,
  );
  await until(
    () => statistics(near),
    ({ echoes }) => echoes === 2,
  );
  expect(here.events).toEqual([
    'The daemon of the I/O filter echo ended unexpectedly; it is started again.',
  ]);
  expect(there.events).toEqual([]);
}, 60_000);

test('a daemon goes with its VIB', async () => {
  const host = await TestHost.open('esx01');
  await host.install(DAEMON);
  const pid = await until(
    () => host.pid,
    (found) => found !== 0,
  );
  const [vib] = host.image.list();
  await host.image.removeVib(vib?.id ?? '');
  await until(
    () => isAlive(pid),
    (alive) => !alive,
  );
  expect(host.pid).toBe(0);
  expect(host.events).toEqual([]);
}, 60_000);

test.each([
  ['code that throws', 'throw new Error("no");'],
  ['a start that throws', DAEMON.replace('async start(', 'async start() { throw 1; }, other(')],
  ['another name', DAEMON.replace("name: 'echo'", "name: 'other'")],
])(
  'a daemon with %s is tried again with a growing pause, and an event each time',
  async (_, code) => {
    const host = await TestHost.open('esx01');
    await host.install(code);
    await until(
      () => host.events.length,
      (events) => events >= 2,
    );
    expect(new Set(host.events).size).toBe(1);
  },
  60_000,
);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // It is gone, which is what the test waits for.
    return false;
  }
}
