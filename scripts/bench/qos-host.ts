// A host with the filter `qos` and its daemon as a process, for real worlds that share a datastore.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type DaemonSource, FilterDaemons } from '#host/filter-daemon/filter-daemons.ts';
import type { LaunchFilter } from '#host/world/launch.ts';
import type { WorldHarness } from '#host/world/world-harness.ts';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { type FilterPropertyValues, filterManifestSchema } from '#lib/model/filter.ts';
import { bundleModule } from '#scripts/build-vibs/bundle-module.ts';

const FOLDER = path.join(import.meta.dirname, '..', '..', 'filters', 'qos');
const TICK_MS = 100;

export class QosHost {
  readonly daemons: FilterDaemons;
  readonly #launch: LaunchFilter;
  readonly #timer: NodeJS.Timeout;

  private constructor(source: DaemonSource, launch: LaunchFilter, directory: string, name: string) {
    this.#launch = launch;
    this.daemons = new FilterDaemons({
      ...{ clock: systemClock, runtime: directory, logs: directory, networkAddress: '127.0.0.1' },
      installed: () => [source],
      host: () => ({ id: name, name }),
      onEvent: () => undefined,
    });
    this.#timer = setInterval(() => this.daemons.tick(), TICK_MS);
  }

  /** Resolves when the daemon waits for those of other hosts. */
  static async start(harness: WorldHarness, name: string): Promise<QosHost> {
    const directory = path.join(harness.directory, name);
    await mkdir(directory, { recursive: true });
    const entryPath = path.join(directory, 'filter.js');
    const daemonPath = path.join(directory, 'daemon.mjs');
    const entrySha256 = await bundle('index.ts', entryPath);
    const daemonSha256 = await bundle('daemon.ts', daemonPath);
    const imported: { default: object } = await import(path.join(FOLDER, 'index.ts'));
    const manifest = filterManifestSchema.parse({
      ...imported.default,
      ...{ entry: 'filter.js', entrySha256 },
      daemon: { entry: 'daemon.mjs', sha256: daemonSha256 },
    });
    const { class: filterClass } = manifest;
    const launch = { name: 'qos', class: filterClass, properties: {}, entryPath, entrySha256 };
    const host = new QosHost({ manifest, daemonPath }, launch, directory, name);
    while (host.daemons.waitingAt().length === 0) await sleep(systemClock, TICK_MS);
    return host;
  }

  get pid(): number {
    return this.daemons.pids.get('qos') ?? 0;
  }

  filter(properties: FilterPropertyValues): LaunchFilter {
    return { ...this.#launch, properties, daemonSocketPath: this.daemons.socketPathOf('qos') };
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.daemons.stop();
  }
}

async function bundle(entry: string, file: string): Promise<string> {
  const module = await bundleModule(path.join(FOLDER, entry));
  await writeFile(file, module);
  return createHash('sha256').update(module).digest('hex');
}
