// Asks every connected host with running VMs for their samples, once a second. A VM that did
// nothing, and did nothing in the sample before, adds no row, unless one of its filters works on by
// itself. Averages over the last minute go into the VM rows now and then; what each filter does on
// each host is added up.
import { sleep } from '../../base/clock.ts';
import type { FilterStatistic } from '../../model/filter.ts';
import type { VmSample } from '../../model/io.ts';
import { sampleVms } from '../../wire/agent/host-rpc.ts';
import { isUnreachable } from '../agents/agent-client.ts';
import { trimChanges } from '../changes/record-change.ts';
import type { Host } from '../database/generated/client.ts';
import { readFilters } from '../policies/read-filters.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { HostFilterTotals } from './host-filter-totals.ts';
import {
  type TakenSample,
  trimSamples,
  type VmUsage,
  writeHostFilters,
  writeSamples,
  writeUsage,
} from './sample-store.ts';

const PERIOD_MS = 1_000;
const HOSTS_EVERY = 5;
const USAGE_EVERY = 20;
/** The depot may have other filters by then. */
const MANIFESTS_EVERY = 30;
const TRIM_EVERY = 60;
/** The change log is kept for so long, in seconds: a browser that slept longer loads anew. */
const CHANGES_SECONDS = 3600;
/** Samples that an average covers. */
const WINDOW = 60;

interface Recent {
  cpu: number[];
  residentBytes: number;
  wasIdle: boolean;
  /** What its filters measured while it was idle, as text; '' while it was not. */
  statistics: string;
  /** Sampled since the averages were taken last. */
  isFresh: boolean;
}

interface Answer {
  hostId: string;
  taken: TakenSample[];
}

export class Sampler {
  readonly #services: TaskServices;
  readonly #signal: AbortSignal;
  readonly #recent = new Map<string, Recent>();
  readonly #asking = new Set<string>();
  readonly #filters = new HostFilterTotals();
  #hosts: Host[] = [];
  #statistics: ReadonlyMap<string, FilterStatistic[]> = new Map();

  constructor(services: TaskServices, signal: AbortSignal) {
    this.#services = services;
    this.#signal = signal;
  }

  /** Runs until the signal aborts. */
  async run(): Promise<void> {
    const { clock, logger } = this.#services;
    for (let round = 0; !this.#signal.aborted; round++) {
      const began = clock.monotonic();
      try {
        await this.#round(round);
      } catch (error) {
        if (!this.#signal.aborted) logger.warn({ err: error }, 'samples could not be written');
      }
      await sleep(clock, Math.max(0, PERIOD_MS - (clock.monotonic() - began)), this.#signal);
    }
  }

  async #round(round: number): Promise<void> {
    const { db } = this.#services;
    if (round % HOSTS_EVERY === 0) {
      this.#hosts = await db.host.findMany({
        where: { connectionState: 'connected', vms: { some: { powerState: 'poweredOn' } } },
      });
    }
    if (round % MANIFESTS_EVERY === 0) {
      const known = await readFilters(db);
      this.#statistics = new Map(known.map(({ name, statistics }) => [name, statistics]));
    }
    const answers = await Promise.all(this.#hosts.map((host) => this.#ask(host)));
    const taken = answers.flatMap((answer) => answer?.taken ?? []);
    await writeSamples(
      db,
      taken.filter((one) => this.#isWorthKeeping(one)),
    );
    await writeHostFilters(
      db,
      answers.flatMap((answer) => (answer ? this.#ofFilters(answer) : [])),
    );
    if (round % USAGE_EVERY === USAGE_EVERY - 1) await writeUsage(db, this.#takeUsage());
    if (round % TRIM_EVERY === TRIM_EVERY - 1) {
      await trimSamples(db);
      await trimChanges(db, CHANGES_SECONDS);
    }
  }

  #ofFilters({ hostId, taken }: Answer) {
    const nowMs = this.#services.clock.now();
    const sample = this.#filters.take(hostId, { taken, statistics: this.#statistics, nowMs });
    return sample ? [{ hostId, sample }] : [];
  }

  /** Null of a host that does not answer, or still has not answered the last time. */
  async #ask(host: Host): Promise<Answer | null> {
    if (this.#asking.has(host.id)) return null;
    this.#asking.add(host.id);
    try {
      const options = { signal: this.#signal };
      const { samples } = await this.#services.agents.call(host, sampleVms, {}, options);
      return { hostId: host.id, taken: samples };
    } catch (error) {
      // The reconciler says so when a host is away.
      if (!isUnreachable(error) && !this.#signal.aborted) {
        this.#services.logger.warn({ err: error, host: host.name }, 'no samples');
      }
      return null;
    } finally {
      this.#asking.delete(host.id);
    }
  }

  #isWorthKeeping({ vmId, sample }: TakenSample): boolean {
    const recent = this.#recent.get(vmId);
    const isIdle = doesNothing(sample);
    // A cache that writes back, a disk that is being encrypted: nothing of it is the guest's I/O.
    const statistics = isIdle ? statisticsOf(sample) : '';
    const keep = !(isIdle && recent?.wasIdle && recent.statistics === statistics);
    this.#recent.set(vmId, {
      cpu: [...(recent?.cpu ?? []), sample.cpu].slice(-WINDOW),
      residentBytes: sample.residentBytes,
      wasIdle: isIdle,
      statistics,
      isFresh: true,
    });
    return keep;
  }

  /** The averages; a VM that was not sampled since the last time is off, and forgotten. */
  #takeUsage(): VmUsage[] {
    const usage: VmUsage[] = [];
    for (const [vmId, recent] of this.#recent) {
      if (recent.isFresh) {
        const cpuUsage = recent.cpu.reduce((sum, value) => sum + value, 0) / recent.cpu.length;
        usage.push({ vmId, cpuUsage, residentBytes: recent.residentBytes });
        recent.isFresh = false;
      } else {
        usage.push({ vmId, cpuUsage: 0, residentBytes: 0 });
        this.#recent.delete(vmId);
      }
    }
    return usage;
  }
}

function doesNothing({ disks }: VmSample): boolean {
  return disks.every(
    (disk) =>
      disk.read.iops + disk.write.iops + disk.otherIops + disk.errorsPerSecond === 0 &&
      disk.inFlight === 0,
  );
}

function statisticsOf({ disks }: VmSample): string {
  return JSON.stringify(disks.map(({ filters }) => filters.map(({ statistics }) => statistics)));
}
