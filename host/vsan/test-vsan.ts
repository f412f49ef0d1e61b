// For tests: a vSAN datastore of real node processes that can be killed, stopped and started again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from '#lib/base/clock.ts';
import { randomUuid } from '#lib/base/random.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { NodeClient } from './node-client.ts';
import type { NodeOptions } from './node-registry.ts';
import * as calls from './node-rpc.ts';
import type { KeeperTimes } from './object-keeper.ts';
import { openObject } from './open-object.ts';
import { TestView } from './test-view.ts';
import { createObject } from './vsan-datastore.ts';
import type { ObjectStatus, VsanObject } from './vsan-object.ts';

const NODE_MAIN = fileURLToPath(new URL('./node-main.ts', import.meta.url));
const TIMES: KeeperTimes = {
  tickMs: 100,
  waitMs: 20_000,
  answerMs: 3_000,
  rebuildAfterMs: 3_600_000,
};

interface OpenOptions {
  times?: Partial<KeeperTimes>;
  localNodeId?: string;
  growToBytes?: number;
  /** The nodes as this owner sees them. */
  view?: TestView;
}

export class TestVsan {
  readonly folder: string;
  readonly #nodes = new Map<string, ChildProcess>();
  readonly #objects: VsanObject[] = [];
  readonly #views: TestView[] = [];
  readonly log: string[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(nodes: number): Promise<TestVsan> {
    const vsan = new TestVsan(await mkdtemp(join(tmpdir(), 'sluice-vsan-')));
    await mkdir(vsan.datastorePath);
    for (let node = 1; node <= nodes; node++) await vsan.start(`host${node}`);
    return vsan;
  }

  get datastorePath(): string {
    return join(this.folder, 'datastore');
  }

  directoryOf(nodeId: string): string {
    return join(this.folder, nodeId);
  }

  /** Starts a node and waits until it answers. */
  async start(nodeId: string): Promise<void> {
    const options: NodeOptions = {
      nodeId,
      hostName: nodeId,
      directory: this.directoryOf(nodeId),
      datastorePath: this.datastorePath,
      runtimeDirectory: this.folder,
      capacityBytes: null,
      logPath: join(this.folder, `${nodeId}.log`),
    };
    const launch = join(this.folder, `${nodeId}.json`);
    await writeFile(launch, JSON.stringify(options));
    const child = spawn(process.execPath, [NODE_MAIN, launch], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#nodes.set(nodeId, child);
    // As a host's agent does: a node that was stopped for too long ends by itself.
    child.once('exit', () => {
      if (this.#nodes.get(nodeId) === child) void this.start(nodeId);
    });
    while (this.#nodes.has(nodeId) && !(await this.#answers(nodeId))) await sleep(systemClock, 20);
  }

  async kill(nodeId: string): Promise<void> {
    const child = this.#nodes.get(nodeId);
    if (!child) return;
    this.#nodes.delete(nodeId);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** The nodes as one host sees them; closed at the end. */
  async view(name: string): Promise<TestView> {
    const view = await TestView.create(this.datastorePath, join(this.folder, name));
    this.#views.push(view);
    return view;
  }

  signal(nodeId: string, name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#nodes.get(nodeId)?.kill(name);
  }

  async createObject(sizeBytes: number): Promise<string> {
    const objectUuid = randomUuid(systemRandom);
    await createObject({
      ...{ datastorePath: this.datastorePath, objectUuid, sizeBytes, localNodeId: 'host1' },
      ...{ clock: systemClock, random: systemRandom },
    });
    return objectUuid;
  }

  async open(objectUuid: string, more: OpenOptions = {}): Promise<VsanObject> {
    const { times, localNodeId = 'host1', view, ...rest } = more;
    const { datastorePath } = view ?? this;
    const object = await openObject({
      ...{ objectUuid, localNodeId, datastorePath, ...rest },
      ...{ clock: systemClock, random: systemRandom, times: { ...TIMES, ...times } },
      log: (message) => this.log.push(message),
      onState: () => undefined,
    });
    this.#objects.push(object);
    return object;
  }

  /** Waits for a state of the object. */
  async until(object: VsanObject, state: ObjectStatus['state']): Promise<void> {
    while (object.status().state !== state) await sleep(systemClock, 20);
  }

  /** The hosts of the object's copies, and of its witness. */
  async placesOf(objectUuid: string): Promise<{ data: string[]; witness: string }> {
    const [nodeId = ''] = this.#nodes.keys();
    const client = new NodeClient(this.datastorePath, nodeId);
    const { components } = await client.call(calls.describe, { objectUuid });
    const all = components[0]?.config.components ?? [];
    const data = all.filter(({ role }) => role === 'data').map((each) => each.nodeId);
    return { data, witness: all.find(({ role }) => role === 'witness')?.nodeId ?? '' };
  }

  dataOf(nodeId: string, objectUuid: string): Promise<Buffer> {
    return readFile(join(this.directoryOf(nodeId), objectUuid, 'data-flat.vmdk'));
  }

  async dispose(): Promise<void> {
    const children = [...this.#nodes.values()];
    this.#nodes.clear();
    for (const child of children) child.kill('SIGKILL');
    for (const object of this.#objects) await object.close();
    for (const view of this.#views) view.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #answers(nodeId: string): Promise<boolean> {
    try {
      await new NodeClient(this.datastorePath, nodeId).call(calls.nodeInfo, {});
      return true;
    } catch {
      // Not yet.
      return false;
    }
  }
}
