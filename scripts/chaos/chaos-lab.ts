// A cluster of real hosts with a filter in several versions, a depot that may fail, a network to
// one host that may be cut, a host whose disk may be full, and VMs that clients write to.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { recordChange } from '#lib/controller/changes/record-change.ts';
import { transact } from '#lib/controller/changes/transact.ts';
import { addVibs } from '#lib/controller/depot/add-vibs.ts';
import { type Depot, openDepot } from '#lib/controller/depot/depot.ts';
import { installIoFilter } from '#lib/controller/io-filters/install-io-filter.ts';
import { createPolicy } from '#lib/controller/policies/create-policy.ts';
import { assignPolicies } from '#lib/controller/vms/assign-policies.ts';
import { makeFilterFiles } from '#lib/formats/vib/filter-fixtures.ts';
import { makeTestAuthority, type TestAuthority, testVib } from '#lib/formats/vib/vib-fixtures.ts';
import { MIB } from '#lib/model/limits.ts';
import { labCaller, RealLab } from '#scripts/lab/real-lab.ts';
import { DiskWriter } from './disk-writer.ts';
import { TcpLink } from './tcp-link.ts';

/** Counts writes, and hands the count on to its next version. */
const CODE = `
const pass = () => 0;
export default {
  kind: 'total', name: 'counting', class: 'inspection', apiVersion: 1,
  summary: 'Counts writes, for tests', properties: [], statistics: [],
  open({ state }) {
    let writes = state === null ? 0 : JSON.parse(Buffer.from(state).toString()).writes;
    return {
      read: pass, flush: pass, trim: pass, writeZeroes: pass, prefetch: pass, completed: pass,
      write() { writes += 1; return 0; },
      saveState: () => Buffer.from(JSON.stringify({ writes })),
    };
  },
};
`;

const HOST_DISK_MIB = 64;

export class ChaosLab {
  readonly lab: RealLab;
  readonly writers: DiskWriter[] = [];
  readonly #server: Server;
  readonly #partner: TestAuthority;
  readonly #depot: Depot;
  #link: { host: string; link: TcpLink } | null = null;
  #smallDisk: string | null = null;
  /** Answers every second download with an error. */
  depotFails = false;
  #downloads = 0;

  private constructor(lab: RealLab, parts: { server: Server; partner: TestAuthority }) {
    this.lab = lab;
    this.#server = parts.server;
    this.#partner = parts.partner;
    const folder = path.join(lab.folder, 'depot');
    this.#depot = { folder, rootsFile: lab.rootsFile, clock: systemClock };
    this.#server.on('request', (request, response) => {
      this.#downloads += 1;
      if (this.depotFails && this.#downloads % 2 === 0) {
        response.socket?.destroy();
        return;
      }
      const { pathname } = new URL(request.url ?? '', 'http://depot');
      response.end(readFileSync(path.join(folder, 'vibs', path.basename(pathname))));
    });
  }

  /** With version 1.0.0 of the filter, and VMs that use it on the first hosts. */
  static async open({ hosts, vms }: { hosts: number; vms: number }): Promise<ChaosLab> {
    const partner = await makeTestAuthority('Partner Root');
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const depotUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const options = { roots: [partner.root], depotUrl, drsEnabled: true, hosts };
    const chaos = new ChaosLab(await RealLab.open(options), { server, partner });
    await openDepot(chaos.#depot);
    const depotId = await chaos.addVersion('1.0.0');
    const { lab } = chaos;
    const install = { computeResourceId: lab.clusterId, depotId };
    const { state, fault } = await lab.run(installIoFilter, install);
    if (state !== 'success')
      throw new Error(`The filter is not installed: ${JSON.stringify(fault)}`);
    for (let index = 0; index < vms; index += 1) await chaos.#addVm(index);
    return chaos;
  }

  async addVersion(version: string): Promise<string> {
    const bytes = await testVib({
      descriptor: { name: 'counting', version, acceptanceLevel: 'PartnerSupported' },
      files: makeFilterFiles('counting', 'inspection', { filter: CODE }),
      keys: [this.#partner.key],
    });
    const { db } = this.lab;
    const options = { db, depot: this.#depot, random: systemRandom, addedBy: labCaller.name };
    const [depotId = ''] = await addVibs(options, bytes);
    return depotId;
  }

  /** The version on each host, by name; null where there is none. */
  async versions(): Promise<(string | null)[]> {
    const hosts = await this.lab.db.host.findMany({
      include: { vibs: { where: { vibId: { contains: '_counting_' } } } },
      orderBy: { name: 'asc' },
    });
    return hosts.map(({ vibs }) => vibs.map(({ vibId }) => vibId.split('_').at(-1)).join() || null);
  }

  async #addVm(index: number): Promise<void> {
    const { lab } = this;
    const vmId = await lab.addVm(`web${index + 1}`, [8 * MIB], index % lab.hostIds.length);
    const policy = await lab.db.policy.findFirst({ where: { name: 'Counted' } });
    const rules = [{ filterClass: 'inspection', provider: 'counting', properties: {} }];
    const policyId =
      policy?.id ?? (await createPolicy(lab.db, labCaller, { name: 'Counted', rules }));
    const assignments = [{ diskKey: 2000, policyId }];
    const { state, fault } = await lab.run(assignPolicies, { vmId, assignments });
    if (state !== 'success')
      throw new Error(`The filter is not attached: ${JSON.stringify(fault)}`);
  }

  async startWriters(): Promise<void> {
    const vms = await this.lab.db.vm.findMany({ orderBy: { name: 'asc' } });
    for (const { id } of vms) {
      const port = async () => (await this.lab.db.vm.findUniqueOrThrow({ where: { id } })).nbdPort;
      this.writers.push(new DiskWriter(port));
    }
  }

  /** The controller reaches that host by a network of its own from now on. */
  async giveLink(name: string): Promise<TcpLink> {
    const link = await TcpLink.open(await this.#portOf(name));
    this.#link = { host: name, link };
    await this.#setUrl(name, link.url);
    return link;
  }

  /** Brings a host back that was killed. */
  async startHost(name: string): Promise<void> {
    await this.lab.startHost(name);
    if (this.#link?.host !== name) return;
    this.#link.link.lead(await this.#portOf(name));
    await this.#setUrl(name, this.#link.link.url);
  }

  /**
   * Puts a host without VMs onto a disk of its own that can be filled; false where this user may
   * not mount.
   */
  async giveSmallDisk(name: string): Promise<boolean> {
    const folder = path.join(this.lab.folder, name);
    await this.lab.killHost(name);
    const kept = `${folder}.kept`;
    cpSync(folder, kept, { recursive: true });
    try {
      const size = `size=${HOST_DISK_MIB}m`;
      execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'none', folder], { stdio: 'ignore' });
      this.#smallDisk = folder;
    } catch {
      // The host comes back as it was, and the caller hears that it has no such disk.
    }
    if (this.#smallDisk) cpSync(kept, folder, { recursive: true });
    rmSync(kept, { recursive: true });
    await this.startHost(name);
    return this.#smallDisk !== null;
  }

  setDiskFull(full: boolean): void {
    if (!this.#smallDisk) return;
    const ballast = path.join(this.#smallDisk, 'ballast');
    if (!full) {
      rmSync(ballast, { force: true });
      return;
    }
    const chunk = Buffer.alloc(MIB);
    try {
      for (let n = 0; n <= HOST_DISK_MIB; n += 1) writeFileSync(ballast, chunk, { flag: 'a' });
    } catch {
      // That is what full means.
    }
  }

  async close(): Promise<void> {
    for (const writer of this.writers) await writer.stop();
    this.setDiskFull(false);
    // The lab removes its folder: what is mounted there goes when the host has ended.
    if (this.#smallDisk) {
      await this.lab.killHost(path.basename(this.#smallDisk));
      execFileSync('umount', [this.#smallDisk]);
      mkdirSync(this.#smallDisk, { recursive: true });
    }
    await this.lab.close();
    this.#link?.link.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #portOf(name: string): Promise<number> {
    const { agentUrl } = await this.lab.db.host.findUniqueOrThrow({ where: { name } });
    return Number(new URL(agentUrl).port);
  }

  async #setUrl(name: string, agentUrl: string): Promise<void> {
    await transact(this.lab.db, async (tx) => {
      const { id } = await tx.host.update({ where: { name }, data: { agentUrl } });
      await recordChange(tx, { object: id, path: 'agentUrl' });
    });
  }
}
