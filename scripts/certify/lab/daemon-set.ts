// The hosts on which the daemon of the filter on trial runs: that of the disk, that to which the VM
// migrates, and more when a check wants one to itself.
import type { DaemonSource } from '#host/filter-daemon/filter-daemons.ts';
import { DaemonHost } from './daemon-host.ts';

/** Addresses of the loopback network, so that policies can name them. */
const HERE = { name: 'here', address: '127.0.0.77' };
const THERE = { name: 'there', address: '127.0.0.78' };

export class DaemonSet {
  readonly here: DaemonHost;
  readonly there: DaemonHost;
  readonly #source: DaemonSource;
  readonly #folder: string;
  readonly #others: DaemonHost[] = [];

  private constructor(
    source: DaemonSource,
    folder: string,
    hosts: { here: DaemonHost; there: DaemonHost },
  ) {
    this.#source = source;
    this.#folder = folder;
    this.here = hosts.here;
    this.there = hosts.there;
  }

  static async start(source: DaemonSource, folder: string): Promise<DaemonSet> {
    const here = await DaemonHost.start({ source, folder, ...HERE });
    const there = await DaemonHost.start({ source, folder, ...THERE });
    return new DaemonSet(source, folder, { here, there });
  }

  get hosts(): readonly DaemonHost[] {
    return [this.here, this.there];
  }

  /** One more, to be stopped by who asked for it, or with the others. */
  async another(name: string, address: string): Promise<DaemonHost> {
    const host = await DaemonHost.start({
      ...{ source: this.#source, folder: this.#folder, name, address },
    });
    this.#others.push(host);
    return host;
  }

  /** Throws Failure when one has ended by itself. */
  async requireWhole(when: string): Promise<void> {
    for (const host of this.hosts) await host.requireWhole(when);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.hosts, ...this.#others].map((host) => host.stop()));
  }
}
