// Sees to it that a vSAN node runs on this host for each vSAN datastore that it mounts. A node is
// detached from the agent; one that runs already is left alone.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Clock } from '#lib/base/clock.ts';
import type { AgentPaths } from '../agent/agent-paths.ts';
import type { DatastoreConfig } from '../datastore/datastore-config.ts';
import { NodeClient } from './node-client.ts';
import type { NodeOptions } from './node-registry.ts';
import { nodeInfo } from './node-rpc.ts';

const NODE_MAIN = fileURLToPath(new URL('./node-main.ts', import.meta.url));
/** A node that was started may take so long to answer, in milliseconds. */
const START_MS = 15_000;

export interface VsanNodesParts {
  clock: Clock;
  logger: Logger;
  paths: AgentPaths;
  who(): { hostUuid: string; hostName: string };
}

export class VsanNodes {
  readonly #parts: VsanNodesParts;
  readonly #children = new Map<string, { child: ChildProcess; since: number }>();
  /** The process of each node that answered. */
  readonly #pids = new Map<string, number>();
  readonly #busy = new Set<string>();
  #stopped = false;

  constructor(parts: VsanNodesParts) {
    this.#parts = parts;
  }

  /** Looks at each of them; starts those that do not answer. */
  tick(datastores: readonly DatastoreConfig[]): void {
    for (const config of datastores) {
      if (config.type !== 'vsan' || this.#busy.has(config.id)) continue;
      this.#busy.add(config.id);
      this.#look(config)
        .catch((err: unknown) => this.#parts.logger.error({ err }, 'a vSAN node'))
        .finally(() => this.#busy.delete(config.id));
    }
  }

  /** Ends them; their components are away for the other hosts until the next start. */
  stop(): void {
    this.#stopped = true;
    for (const pid of this.#pids.values()) {
      try {
        process.kill(pid, 'SIGTERM');
      } catch {
        // It has ended by itself.
      }
    }
  }

  async #look(config: DatastoreConfig): Promise<void> {
    const { clock } = this.#parts;
    const client = new NodeClient(config.path, this.#parts.who().hostUuid);
    const answer = await client.call(nodeInfo, {}).catch(() => null);
    if (answer !== null) {
      this.#pids.set(config.id, answer.pid);
      return;
    }
    const started = this.#children.get(config.id);
    const running = started?.child.exitCode === null && started.child.signalCode === null;
    if (this.#stopped || (running && clock.monotonic() - started.since < START_MS)) return;
    await this.#start(config);
  }

  async #start({ id, name, path, options }: DatastoreConfig): Promise<void> {
    const { paths, clock, logger } = this.#parts;
    const { hostUuid, hostName } = this.#parts.who();
    const root = join(paths.root, 'vsan');
    await mkdir(root, { recursive: true, mode: 0o700 });
    const capacityBytes = Number(options.capacityBytes ?? 0);
    const launch: NodeOptions = {
      nodeId: hostUuid,
      hostName,
      directory: options[`directory.${hostName}`] ?? join(root, id),
      datastorePath: path,
      runtimeDirectory: join(paths.runtime, id),
      capacityBytes: capacityBytes > 0 ? capacityBytes : null,
      logPath: join(paths.logs, `vsan-${id}.log`),
    };
    const launchPath = join(paths.launch, `vsan-${id}.json`);
    await writeFile(launchPath, JSON.stringify(launch), { mode: 0o600 });
    const child = spawn(process.execPath, [NODE_MAIN, launchPath], {
      detached: true,
      stdio: 'ignore',
    });
    child.on('error', (err) => logger.error({ err }, 'a vSAN node does not start'));
    child.unref();
    this.#children.set(id, { child, since: clock.monotonic() });
    logger.info({ datastore: name }, 'a vSAN node is started');
  }
}
