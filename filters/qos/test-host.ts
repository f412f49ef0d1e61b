// A host for tests: disks with the filter, its daemon, lines and connections in memory, and a
// device that all disks share, one I/O at a time. Its clock moves when it is told to.
import type {
  DaemonConnection,
  DaemonContext,
  DaemonDisk,
  DaemonPeer,
  PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { FilterHarness, HarnessClock, type HarnessIo } from '#lib/filter-sdk/filter-harness.ts';
import qos from './index.ts';
import { QosDaemon } from './qos-daemon.ts';

const STEP_MS = 0.5;
const NORMALISED_BYTES = 32 * 1024;
const DISK_BYTES = 8 * 1024 * 1024;

/** How long the device takes for one I/O. */
export interface Service {
  perIoMs: number;
}

interface DiskOptions {
  properties: PropertyValues;
  /** I/Os that its guest keeps under way. */
  depth: number;
  bytes?: number;
  /** Before the guest asks again when one I/O has ended. */
  pauseMs?: number;
}

class TestDisk {
  readonly harness: FilterHarness;
  readonly bytes: number;
  readonly pauseMs: number;
  depth: number;
  doneUnits = 0;
  waiting: HarnessIo[] = [];
  atDevice = 0;
  nextAt = 0;
  offset = 0;
  line: Joined | null = null;

  constructor(harness: FilterHarness, { depth, bytes = 4096, pauseMs = 0 }: DiskOptions) {
    this.harness = harness;
    this.depth = depth;
    this.bytes = bytes;
    this.pauseMs = pauseMs;
  }
}

/** One end of a connection. */
class Joined implements DaemonConnection {
  readonly remoteAddress = '';
  readonly hostId: string;
  onSend: (message: Uint8Array) => void = () => undefined;
  listener: (message: Uint8Array) => void = () => undefined;
  #closed: () => void = () => undefined;
  isOpen = true;

  constructor(hostId = '') {
    this.hostId = hostId;
  }

  send(message: Uint8Array): boolean {
    if (this.isOpen) this.onSend(message.slice());
    return this.isOpen;
  }

  onMessage(listener: (message: Uint8Array) => void): void {
    this.listener = listener;
  }

  onClose(listener: () => void): void {
    this.#closed = listener;
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#closed();
  }
}

export class TestHost {
  readonly disks: TestDisk[] = [];
  readonly clock = new HarnessClock();
  readonly #service: Service;
  readonly #id: string;
  #queue: { disk: TestDisk; io: HarnessIo }[] = [];
  #freeAt = 0;
  #busyMs = 0;
  #ranMs = 0;
  #daemon: QosDaemon | null = null;
  #onDisk: (disk: DaemonDisk) => void = () => undefined;
  #peers: { peer: DaemonPeer; host: TestHost }[] = [];
  #welcome: ((connection: DaemonConnection) => void) | null = null;
  #links: Joined[] = [];

  private constructor(service: Service, id: string) {
    this.#service = service;
    this.#id = id;
  }

  static async start(service: Service, id = 'host-1'): Promise<TestHost> {
    const host = new TestHost(service, id);
    await host.startDaemon();
    return host;
  }

  /** Each knows of the others from now on. */
  static async connect(hosts: readonly TestHost[]): Promise<void> {
    for (const host of hosts) {
      host.#peers = hosts
        .filter((other) => other !== host)
        .map((other, index) => ({
          peer: { hostId: other.#id, address: '127.0.0.1', port: index + 1 },
          host: other,
        }));
      host.killDaemon();
      await host.startDaemon();
    }
  }

  static async runAll(hosts: readonly TestHost[], milliseconds: number): Promise<void> {
    for (let at = 0; at < milliseconds; at += STEP_MS) {
      for (const host of hosts) host.#step();
      // Connections are made by promises.
      await Promise.resolve();
    }
  }

  addDisk(options: DiskOptions): TestDisk {
    const { properties } = options;
    const harness = new FilterHarness(qos, { properties, daemon: true, sizeBytes: DISK_BYTES });
    const disk = new TestDisk(harness, options);
    this.disks.push(disk);
    // All clocks are at the same time.
    harness.clock.advance(this.clock.monotonic());
    if (this.#daemon === null) harness.daemon?.setConnected(false);
    else this.#join(disk);
    return disk;
  }

  run(milliseconds: number): Promise<void> {
    return TestHost.runAll([this], milliseconds);
  }

  /** The share of the time for which the device had something to do, since the last call. */
  deviceUse(): number {
    const use = this.#busyMs / this.#ranMs;
    this.#busyMs = this.#ranMs = 0;
    return use;
  }

  statistics(index: number): Record<string, number> {
    return this.disks[index]?.harness.filter.statistics?.() ?? {};
  }

  killDaemon(): void {
    this.#daemon?.stop();
    this.#daemon = null;
    this.#welcome = null;
    for (const link of this.#links.splice(0)) link.close();
    for (const disk of this.disks) {
      disk.line?.close();
      disk.line = null;
      disk.harness.daemon?.setConnected(false);
    }
  }

  async startDaemon(): Promise<void> {
    const context: DaemonContext = {
      host: { id: this.#id, name: this.#id },
      clock: this.clock,
      log: () => undefined,
      onDisk: (listener) => {
        this.#onDisk = listener;
      },
      network: {
        listen: () => Promise.reject(new Error('strangers are not let in')),
        connect: () => Promise.reject(new Error('nobody is reached but peers')),
        listenForPeers: (onConnection) => {
          this.#welcome = onConnection;
          return Promise.resolve(1);
        },
        connectToPeer: (hostId) => Promise.resolve(this.#connectTo(hostId)),
        onPeers: (listener) => listener(this.#peers.map(({ peer }) => peer)),
      },
    };
    this.#daemon = new QosDaemon(context);
    await this.#daemon.start();
    for (const disk of this.disks) this.#join(disk);
  }

  #connectTo(hostId: string): DaemonConnection {
    const there = this.#peers.find(({ peer }) => peer.hostId === hostId)?.host;
    const [near, far] = [new Joined(hostId), new Joined(this.#id)];
    near.onSend = (message) => far.listener(message);
    far.onSend = (message) => near.listener(message);
    this.#links.push(near);
    if (there === undefined || there.#welcome === null) {
      near.isOpen = false;
      return near;
    }
    there.#links.push(near);
    there.#welcome(far);
    return near;
  }

  #join(disk: TestDisk): void {
    const line = new Joined();
    disk.line = line;
    line.onSend = (message) => disk.harness.daemon?.deliver(message);
    this.#onDisk(Object.assign(line, { diskId: `disk-${this.disks.indexOf(disk)}` }));
    disk.harness.daemon?.sent.splice(0);
    disk.harness.daemon?.setConnected(true);
  }

  #step(): void {
    const now = this.clock.monotonic();
    this.#serve(now);
    for (const disk of this.disks) this.#ask(disk, now);
    this.clock.advance(STEP_MS);
    for (const disk of this.disks) {
      disk.harness.clock.advance(STEP_MS);
      for (const message of disk.harness.daemon?.sent.splice(0) ?? []) disk.line?.listener(message);
    }
    this.#ranMs += STEP_MS;
    this.#busyMs += this.#queue.length > 0 ? STEP_MS : 0;
  }

  /** Ends what the device has done by now. */
  #serve(now: number): void {
    for (;;) {
      const [first] = this.#queue;
      if (!first) {
        this.#freeAt = Math.max(this.#freeAt, now);
        return;
      }
      if (this.#freeAt + this.#service.perIoMs > now) return;
      this.#freeAt += this.#service.perIoMs;
      this.#queue.shift();
      const { disk, io } = first;
      disk.harness.apply(io);
      disk.harness.finish(io);
      disk.atDevice -= 1;
      disk.doneUnits += Math.ceil(disk.bytes / NORMALISED_BYTES);
      disk.nextAt = now + disk.pauseMs;
    }
  }

  #ask(disk: TestDisk, now: number): void {
    const gone = disk.waiting.filter(({ state }) => state === 'submitted');
    disk.waiting = disk.waiting.filter(({ state }) => state === 'deferred');
    for (const io of gone) this.#send(disk, io);
    while (disk.waiting.length + disk.atDevice < disk.depth && now >= disk.nextAt) {
      disk.offset = (disk.offset + disk.bytes) % disk.harness.disk.length;
      const io = disk.harness.submit('read', disk.offset, disk.bytes);
      if (io.state === 'deferred') disk.waiting.push(io);
      else this.#send(disk, io);
    }
  }

  #send(disk: TestDisk, io: HarnessIo): void {
    if (this.#queue.length === 0) this.#freeAt = Math.max(this.#freeAt, this.clock.monotonic());
    disk.atDevice += 1;
    this.#queue.push({ disk, io });
  }
}
