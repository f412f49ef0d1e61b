// One round of chaos: the filter is upgraded over the cluster while hosts and the controller are
// killed, a network is cut, the depot fails and a disk is full; then all is mended, Resolve is
// asked for what failed, and everything is looked at.
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { resolveIoFilterOnCluster } from '#lib/controller/io-filters/resolve-io-filter.ts';
import { upgradeIoFilter } from '#lib/controller/io-filters/upgrade-io-filter.ts';
import { Fault } from '#lib/model/fault.ts';
import type { ChaosLab } from './chaos-lab.ts';
import type { TcpLink } from './tcp-link.ts';

export interface ChaosOptions {
  from: string;
  to: string;
  hostsAtOnce: number;
  /** Between two troubles, on average, in milliseconds. */
  troubleEveryMs: number;
  troublesMax: number;
  random: () => number;
  link: TcpLink;
  /** The host that the link leads to, and the one whose disk may be full. */
  linked: string;
  small: string | null;
  log: (line: string) => void;
}

export interface ChaosFigures {
  troubles: Record<string, number>;
  upgradeState: string;
  upgradeSeconds: number;
  /** Hosts on which the upgrade itself had failed. */
  failedHosts: number;
  resolves: number;
  /** From the end of the trouble until every host had the version and was in normal operation. */
  greenSeconds: number;
}

type Trouble = (name: string) => Promise<void>;

export async function runChaos(chaos: ChaosLab, options: ChaosOptions): Promise<ChaosFigures> {
  const { lab } = chaos;
  const depotId = await chaos.addVersion(options.to);
  const begun = systemClock.monotonic();
  const taskId = await lab.submit(upgradeIoFilter, {
    ...{ clusterId: lab.clusterId, filterId: `TST_counting_${options.from}`, depotId },
    hostsAtOnce: options.hostsAtOnce,
  });
  const running = { now: true };
  const troubles = makeTrouble(chaos, options, running);
  const task = await lab.ended(taskId);
  running.now = false;
  const counts = await troubles;
  const upgradeSeconds = secondsSince(begun);
  options.log(`upgrade to ${options.to}: ${task.state} after ${upgradeSeconds} s`);
  const mended = systemClock.monotonic();
  const failed = await lab.db.hostFilterState.count({
    where: { filterId: `TST_counting_${options.to}`, state: 'failed' },
  });
  const resolves = await resolveUntilGreen(chaos, options);
  return {
    troubles: counts,
    ...{ upgradeState: task.state, upgradeSeconds, failedHosts: failed, resolves },
    greenSeconds: secondsSince(mended),
  };
}

/** One after the other until the task has ended; the last one is mended before this resolves. */
async function makeTrouble(
  chaos: ChaosLab,
  options: ChaosOptions,
  running: { now: boolean },
): Promise<Record<string, number>> {
  const { lab } = chaos;
  const { random, troubleEveryMs, log, link, linked, small } = options;
  const counts: Record<string, number> = {};
  const hosts = (await lab.db.host.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name);
  const pause = () => sleep(systemClock, troubleEveryMs * (0.5 + random()));
  const kinds: [string, Trouble][] = [
    ['controller killed', () => restartController(chaos, pause)],
    [
      'host killed',
      async (name) => {
        await lab.killHost(name);
        await pause();
        await chaos.startHost(name);
      },
    ],
    [
      'agent killed',
      async (name) => {
        await lab.killAgent(name);
        await pause();
        await chaos.startHost(name);
      },
    ],
    [
      'network cut',
      async () => {
        link.cut();
        await pause();
        link.mend();
      },
    ],
    [
      'depot fails',
      async () => {
        chaos.depotFails = true;
        await pause();
        await pause();
        chaos.depotFails = false;
      },
    ],
  ];
  if (small) kinds.push(['disk full', () => fillDisk(chaos, pause)]);
  const mine = hosts.filter((name) => name !== small && name !== linked);
  for (let n = 0; running.now && n < options.troublesMax; n += 1) {
    const [kind, make] = kinds[n % kinds.length] ?? kinds[0] ?? ['', async () => undefined];
    const name = mine[Math.floor(random() * mine.length)] ?? '';
    log(`${kind}${/host|agent/.test(kind) ? `: ${name}` : ''}`);
    counts[kind] = (counts[kind] ?? 0) + 1;
    await make(name);
    await pause();
  }
  return counts;
}

async function restartController({ lab }: ChaosLab, pause: () => Promise<void>): Promise<void> {
  await lab.killController();
  await pause();
  lab.startController();
}

async function fillDisk(chaos: ChaosLab, pause: () => Promise<void>): Promise<void> {
  chaos.setDiskFull(true);
  await pause();
  await pause();
  await pause();
  chaos.setDiskFull(false);
}

/** Resolve may itself meet a host that is not back yet; each try is a task of its own. */
async function resolveUntilGreen(
  chaos: ChaosLab,
  { to, log }: Pick<ChaosOptions, 'to' | 'log'>,
): Promise<number> {
  const { lab } = chaos;
  await lab.eventually(async () => {
    const away = await lab.db.host.count({ where: { connectionState: { not: 'connected' } } });
    return away === 0;
  });
  for (let tries = 0; ; ) {
    if (await isGreen(chaos, to)) return tries;
    const taskId = await resolve(chaos, to);
    if (taskId !== null) {
      tries += 1;
      const { state, fault } = await lab.ended(taskId);
      log(`resolve: ${state} ${state === 'success' ? '' : JSON.stringify(fault)}`);
    }
    await sleep(systemClock, 500);
  }
}

/** Null when it is refused: something is under way, or nothing is left to resolve. */
async function resolve({ lab }: ChaosLab, to: string): Promise<string | null> {
  const { clusterId } = lab;
  const filterId = `TST_counting_${to}`;
  try {
    return await lab.submit(resolveIoFilterOnCluster, { clusterId, filterId });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return null;
  }
}

async function isGreen(chaos: ChaosLab, to: string): Promise<boolean> {
  const { lab } = chaos;
  const hosts = await lab.db.host.findMany({
    include: { filterStates: { where: { filterId: `TST_counting_${to}` } } },
  });
  const versions = await chaos.versions();
  const open = await lab.db.task.count({ where: { completedAt: null } });
  return (
    open === 0 &&
    versions.every((version) => version === to) &&
    hosts.every(
      ({ connectionState, maintenanceState, filterStates: [state] }) =>
        connectionState === 'connected' &&
        maintenanceState === 'normal' &&
        state?.state === 'installed',
    )
  );
}

/** What is wrong with the tasks' ends and the VMs; empty when every task ended once and right. */
export async function findWrong({ lab, writers }: ChaosLab): Promise<string[]> {
  const wrong: string[] = [];
  const tasks = await lab.db.task.findMany();
  for (const { id, label, state, completedAt, fault } of tasks) {
    const ends = await lab.db.event.count({
      where: { taskId: id, type: { in: ['TaskFailedEvent', 'TaskCanceledEvent'] } },
    });
    const what = `${label} ${id}`;
    if (!completedAt) wrong.push(`${what} has not ended`);
    if (ends !== (state === 'success' ? 0 : 1)) wrong.push(`${what}: ${state}, ${ends} ends told`);
    if (JSON.stringify(fault)?.includes('"SystemError"')) {
      wrong.push(`${what} failed by itself: ${JSON.stringify(fault)}`);
    }
  }
  const down = await lab.db.vm.findMany({ where: { NOT: { powerState: 'poweredOn' } } });
  for (const { name, worldState } of down) wrong.push(`${name} is ${worldState}`);
  for (const [index, writer] of writers.entries()) {
    await writer.stop();
    const lost = await writer.verify();
    if (lost !== '') wrong.push(`web${index + 1}: ${lost}`);
  }
  return wrong;
}

function secondsSince(start: number): number {
  return Math.round((systemClock.monotonic() - start) / 100) / 10;
}
