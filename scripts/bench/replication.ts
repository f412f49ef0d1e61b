// What replication costs a guest: writes on a disk without it, with it asynchronously, and
// synchronously, to a target on this machine, alternating in one run. The target's own work shares
// the machine's processors with them.
import { haveTools } from '#host/world/test-peers.ts';
import { WorldHarness } from '#host/world/world-harness.ts';
import { ReplicationSite } from '#scripts/replication/replication-site.ts';
import { type BenchOptions, CASES, runCase } from './io.ts';
import { BENCH_DISK_BYTES, type BenchServer, fill, makeRealtime, startOurs } from './servers.ts';

/** Of the IOPS without replication, that are wanted asynchronously: at least so many. */
const WANTED = 0.85;
const MODES = ['asynchronous', 'synchronous'] as const;
const SEGMENT_MIB = 64;

type ReplicationOptions = Pick<
  BenchOptions,
  'seconds' | 'rounds' | 'realtime' | 'caseText' | 'print'
>;

export async function benchReplication(options: ReplicationOptions): Promise<void> {
  if (!haveTools('fio')) return;
  const harnesses: WorldHarness[] = [];
  const servers: BenchServer[] = [];
  options.print('\n== replication to this machine');
  const another = async (): Promise<WorldHarness> => {
    const harness = await WorldHarness.create();
    harnesses.push(harness);
    return harness;
  };
  try {
    const plain = await another();
    const none = await startOurs(plain, { name: 'no replication', index: 0, filters: [] });
    servers.push({ ...none, smallOnly: false });
    for (const mode of MODES) servers.push(await startReplicated(await another(), mode));
    if (options.realtime) for (const { pid } of servers) await makeRealtime(pid);
    const cases = CASES.filter(({ rw, label }) => {
      return rw.includes('write') && label.includes(options.caseText);
    });
    for (const each of cases) await runCase({ ...each, target: WANTED }, servers, plain, options);
  } finally {
    for (const server of servers) await server.stop();
    for (const harness of harnesses) await harness.dispose();
  }
}

async function startReplicated(harness: WorldHarness, mode: string): Promise<BenchServer> {
  const site = await ReplicationSite.start(harness, {
    ...{ properties: { mode }, bytes: BENCH_DISK_BYTES, segmentMib: SEGMENT_MIB },
    prepare: ({ flatPath }) => fill(flatPath),
  });
  await site.settled();
  const { world } = site;
  const stop = (): Promise<void> => site.stop();
  return { name: mode, uri: world.uri(), pid: world.status.pid, smallOnly: false, stop };
}
