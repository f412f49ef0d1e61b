// Tells a host where the filters' daemons of the other hosts of its cluster wait, whenever that is
// another place than it was told before.
import { Fault } from '../../model/fault.ts';
import { type DaemonPeers, setDaemonPeers } from '../../wire/agent/daemon-rpc.ts';
import type { HostReport } from '../../wire/agent/host-rpc.ts';
import type { Host } from '../database/generated/client.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { TaskServices } from '../tasks/task-context.ts';

export class DaemonPeersTeller {
  readonly #services: TaskServices;
  /** What the host was told, and in which life of its agent. */
  #told = '';

  constructor(services: TaskServices) {
    this.#services = services;
  }

  /** `reports` are those of all hosts, by host id. Hosts that do not answer are left out. */
  async tell(host: Host, reports: ReadonlyMap<string, HostReport>): Promise<void> {
    const own = reports.get(host.id);
    if (!own?.daemons || own.daemons.length === 0) return;
    const { sealer } = this.#services;
    const keyOf = (filter: string, peerId: string) => pairKey(sealer, filter, [host.id, peerId]);
    const peers = peersOf({ own, hostIds: await this.#neighbours(host), reports, keyOf });
    const text = JSON.stringify([own.bootId, peers]);
    if (text === this.#told) return;
    try {
      await this.#services.agents.call(host, setDaemonPeers, { peers });
      this.#told = text;
    } catch (error) {
      // With the next report it is told again.
      if (!(error instanceof Fault)) throw error;
      this.#services.logger.warn({ host: host.name, reason: error.message }, 'not told of daemons');
    }
  }

  async #neighbours({ id, clusterId }: Host): Promise<string[]> {
    if (clusterId === null) return [];
    const hosts = await this.#services.db.host.findMany({
      where: { clusterId, connectionState: 'connected', id: { not: id } },
      select: { id: true },
      orderBy: { id: 'asc' },
    });
    return hosts.map((host) => host.id);
  }
}

/** Never stored: derived anew, alike for both. */
function pairKey(sealer: Sealer, filter: string, hostIds: readonly [string, string]): string {
  const [first, second] = hostIds.toSorted();
  const key = sealer.derive(`daemons of ${filter} on ${first} and ${second}`);
  return Buffer.from(key).toString('base64');
}

interface Facts {
  own: HostReport;
  hostIds: readonly string[];
  reports: ReadonlyMap<string, HostReport>;
  keyOf(filter: string, hostId: string): string;
}

function peersOf({ own, hostIds, reports, keyOf }: Facts): DaemonPeers {
  const of = (filter: string) =>
    hostIds.flatMap((hostId) => {
      const daemons = reports.get(hostId)?.daemons ?? [];
      const found = daemons.find((daemon) => daemon.filter === filter);
      if (found === undefined) return [];
      const { address, port } = found;
      return [{ hostId, address, port, key: keyOf(filter, hostId) }];
    });
  return Object.fromEntries((own.daemons ?? []).map(({ filter }) => [filter, of(filter)]));
}
