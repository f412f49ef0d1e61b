// For tests: the nodes of a vSAN as one host sees them, through sockets that can be cut without a
// word, as a partitioned network does it.
import { mkdir } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type NodeEntry, registeredNodes, registerNode } from './node-registry.ts';

export class TestView {
  /** For the owner that is to see the nodes so. */
  readonly datastorePath: string;
  readonly #realPath: string;
  readonly #servers: Server[] = [];
  readonly #sockets = new Map<string, Set<Socket>>();
  readonly #cut = new Set<string>();

  private constructor(realPath: string, path: string) {
    this.#realPath = realPath;
    this.datastorePath = path;
  }

  static async create(realPath: string, folder: string): Promise<TestView> {
    await mkdir(folder);
    const view = new TestView(realPath, folder);
    await view.refresh();
    return view;
  }

  /** Takes over the tokens of nodes that were started again. */
  async refresh(): Promise<void> {
    for (const entry of await registeredNodes(this.#realPath)) {
      const places = { rpc: await this.#proxy(entry, 'rpc'), nbd: await this.#proxy(entry, 'nbd') };
      await registerNode(this.datastorePath, { ...entry, ...places });
    }
  }

  /** From now on no byte passes to these nodes or back, and no connection ends. */
  cut(...nodeIds: string[]): void {
    for (const nodeId of nodeIds) this.#cut.add(nodeId);
  }

  /** Connections from before end; new ones work. */
  mend(): void {
    for (const nodeId of this.#cut) {
      for (const socket of this.#sockets.get(nodeId) ?? []) socket.destroy();
    }
    this.#cut.clear();
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const sockets of this.#sockets.values()) for (const socket of sockets) socket.destroy();
  }

  async #proxy(entry: NodeEntry, kind: 'rpc' | 'nbd'): Promise<{ path: string }> {
    const path = join(this.datastorePath, `${entry.nodeId}.${kind}`);
    const known = this.#servers.some((server) => server.address() === path);
    if (known) return { path };
    const server = createServer((near) =>
      this.#join(entry.nodeId, near, createConnection(entry[kind])),
    );
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return { path };
  }

  #join(nodeId: string, near: Socket, far: Socket): void {
    const sockets = this.#sockets.get(nodeId) ?? new Set();
    this.#sockets.set(nodeId, sockets);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        if (!this.#cut.has(nodeId)) to.write(bytes);
      });
      from.on('error', () => from.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  }
}
