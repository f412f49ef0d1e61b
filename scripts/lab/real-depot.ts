// For tests: shipped filters, built and signed here, in a depot that hosts and a real controller
// reach over HTTP.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { addVibs } from '#lib/controller/depot/add-vibs.ts';
import { type Depot, openDepot } from '#lib/controller/depot/depot.ts';
import { installIoFilter } from '#lib/controller/io-filters/install-io-filter.ts';
import { type Authority, openAuthority } from '#scripts/build-vibs/authority.ts';
import { buildFilterVib } from '#scripts/build-vibs/filter-vib.ts';
import { labCaller, RealLab } from './real-lab.ts';

const FILTERS = path.join(import.meta.dirname, '..', '..', 'filters');

export class RealDepot {
  readonly #folder: string;
  readonly #authority: Authority;
  readonly #server: Server;

  private constructor(folder: string, authority: Authority, server: Server) {
    this.#folder = folder;
    this.#authority = authority;
    this.#server = server;
  }

  static async open(): Promise<RealDepot> {
    const folder = mkdtempSync(path.join(tmpdir(), 'sluice-depot-'));
    const authority = await openAuthority(path.join(folder, 'pki'), new Date(systemClock.now()));
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '', 'http://depot');
      response.end(readFileSync(path.join(folder, 'depot', 'vibs', path.basename(pathname))));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RealDepot(folder, authority, server);
  }

  /** A lab whose hosts trust what is built here and find it. */
  openLab(): Promise<RealLab> {
    const address = this.#server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    return RealLab.open({ roots: this.#authority.roots, depotUrl: `http://127.0.0.1:${port}` });
  }

  /** Builds the filter of that folder below filters/, and installs it on the lab's cluster. */
  async install(lab: RealLab, filter: string): Promise<void> {
    const directory = path.join(FILTERS, filter);
    const { bytes } = await buildFilterVib({ directory, authority: this.#authority });
    const depot: Depot = {
      folder: path.join(this.#folder, 'depot'),
      rootsFile: lab.rootsFile,
      clock: systemClock,
    };
    await openDepot(depot);
    const options = { db: lab.db, depot, random: systemRandom, addedBy: labCaller.name };
    const [depotId = ''] = await addVibs(options, bytes);
    const task = await lab.run(installIoFilter, { computeResourceId: lab.clusterId, depotId });
    if (task.state !== 'success') throw new Error(`${filter}: ${JSON.stringify(task.fault)}`);
  }

  close(): void {
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
