// A vSAN node: the components on one host's local disk, served over NBD, with the calls by which
// owners rule them. It knows nothing of the other nodes.
import { mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#lib/base/clock.ts';
import { Mutex } from '#lib/base/mutex.ts';
import { Fault } from '#lib/model/fault.ts';
import { type BoundRpc, handle } from '../agent/rpc-server.ts';
import { ExportList } from '../volumes/export-list.ts';
import { SpaceBudget } from '../volumes/space-budget.ts';
import * as calls from './node-rpc.ts';
import { StoredComponent } from './stored-component.ts';

export interface VsanNodeParts {
  nodeId: string;
  hostName: string;
  /** On the host's local disk. */
  directory: string;
  /** Says which machine it is, so that nodes on one disk count its space once. */
  machineId: string;
  pid: number;
  /** The node takes no more than this, in bytes; null for all that the disk has. */
  capacityBytes: number | null;
  clock: Clock;
}

export class VsanNode {
  readonly exports = new ExportList();
  readonly #parts: VsanNodeParts;
  readonly #components = new Map<string, StoredComponent>();
  readonly #mutex = new Mutex();
  readonly #budget: SpaceBudget;

  private constructor(parts: VsanNodeParts) {
    this.#parts = parts;
    this.#budget = new SpaceBudget(parts.capacityBytes, () => this.#usedBytes());
  }

  static async open(parts: VsanNodeParts): Promise<VsanNode> {
    await mkdir(parts.directory, { recursive: true, mode: 0o700 });
    const node = new VsanNode(parts);
    for (const name of await readdir(parts.directory)) {
      const component = await StoredComponent.load(node.#partsOf(name));
      if (component) node.#components.set(component.objectUuid, component);
    }
    return node;
  }

  rpcs(): BoundRpc[] {
    return [
      handle(calls.nodeInfo, () => this.#info()),
      handle(calls.describe, ({ objectUuid }) => this.#describe(objectUuid)),
      handle(calls.createComponent, (input) => this.#create(input)),
      handle(calls.claim, async ({ objectUuid, ...owner }) => {
        const component = this.#find(objectUuid);
        const granted = await component.claim(owner);
        const report = await component.report();
        return { granted, component: report, exportName: component.exportName };
      }),
      handle(calls.propose, async ({ objectUuid, config, ...owner }) => ({
        accepted: await this.#find(objectUuid).propose(owner, config),
      })),
      handle(calls.dirtyRegions, async ({ objectUuid, ...owner }) => {
        const component = this.#find(objectUuid);
        component.requireOwner(owner);
        const bits = Buffer.from(component.dirtyBits).toString('base64');
        return { bits, fresh: component.fresh };
      }),
      handle(calls.cleanRegions, async ({ objectUuid, regions, ...owner }) => {
        const component = this.#find(objectUuid);
        component.requireOwner(owner);
        await component.clean(regions);
        return {};
      }),
      handle(calls.noteResync, async ({ objectUuid, bytesLeft, ...owner }) => {
        const component = this.#find(objectUuid);
        component.requireOwner(owner);
        component.resyncBytesLeft = bytesLeft;
        return {};
      }),
      handle(calls.growComponent, async ({ objectUuid, sizeBytes, ...owner }) => {
        await this.#find(objectUuid).grow(owner, sizeBytes);
        return {};
      }),
      handle(calls.removeComponent, ({ objectUuid }) => this.#remove(objectUuid)),
    ];
  }

  async #info() {
    const { nodeId, hostName, pid, directory, machineId, capacityBytes } = this.#parts;
    const [{ bsize, blocks, bavail }, { dev }] = await Promise.all([
      statfs(directory),
      stat(directory),
    ]);
    let freeBytes = bsize * bavail;
    if (capacityBytes !== null) {
      freeBytes = Math.max(0, Math.min(freeBytes, capacityBytes - (await this.#usedBytes())));
    }
    // A node with a limit of its own has its own space, whatever disk that is on.
    const deviceId = capacityBytes === null ? `${machineId}/${dev}` : nodeId;
    return {
      nodeId,
      hostName,
      pid,
      deviceId,
      capacityBytes: capacityBytes ?? bsize * blocks,
      freeBytes,
    };
  }

  async #usedBytes(): Promise<number> {
    let used = 0;
    for (const component of this.#components.values()) {
      used += (await component.report()).allocatedBytes;
    }
    return used;
  }

  async #describe(objectUuid: string | null) {
    const components = [];
    for (const component of this.#components.values()) {
      if (objectUuid === null || component.objectUuid === objectUuid) {
        components.push(await component.report());
      }
    }
    return { components };
  }

  #create(component: Parameters<typeof StoredComponent.create>[1]) {
    return this.#mutex.run(async () => {
      const { objectUuid } = component;
      const there = this.#components.get(objectUuid);
      if (there !== undefined) {
        const { componentId } = await there.report();
        if (componentId === component.componentId) return {};
        throw new Fault('AlreadyExists', `The node has a component of ${objectUuid} already.`);
      }
      const made = await StoredComponent.create(this.#partsOf(objectUuid), component);
      this.#components.set(objectUuid, made);
      return {};
    });
  }

  #remove(objectUuid: string) {
    return this.#mutex.run(async () => {
      const component = this.#components.get(objectUuid);
      this.#components.delete(objectUuid);
      await component?.remove();
      return {};
    });
  }

  #find(objectUuid: string): StoredComponent {
    const component = this.#components.get(objectUuid);
    if (component) return component;
    throw new Fault('NotFound', `The node has no component of the object ${objectUuid}.`);
  }

  #partsOf(objectUuid: string) {
    const { directory, clock } = this.#parts;
    const folder = join(directory, objectUuid);
    return { folder, clock, exports: this.exports, budget: this.#budget };
  }
}
