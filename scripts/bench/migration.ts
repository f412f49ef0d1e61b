// The bench of live migration: a VM moves to and fro between two hosts while fio works at depth 32,
// and each move says how long I/O stood still and how many I/Os were held meanwhile.
import { TestLab, testVm } from '#host/agent/test-agents.ts';
import { haveTools, mustRun } from '#host/world/test-peers.ts';
import { KIB, MIB } from '#lib/model/limits.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';

const DEPTH = 32;
const DISK_BYTES = 256 * MIB;

/** Throws when fio meets with an error. */
export async function benchMigration(
  seconds: number,
  print: (line: string) => void,
): Promise<void> {
  if (!haveTools('fio')) return;
  const lab = new TestLab();
  try {
    await lab.openDepot();
    const [here, there] = [await lab.addHost(1), await lab.addHost(2)];
    const base = testVm(1);
    const disks = base.disks.map((disk) => ({ ...disk, capacityBytes: DISK_BYTES }));
    const off = { ...base, disks };
    await here.keyed(calls.createVm, { vm: off, contents: [] });
    const vm = { ...off, nbdPort: (await here.keyed(calls.powerOnVm, { vm: off })).nbdPort };
    const uri = `nbd://127.0.0.1:${vm.nbdPort}/scsi0:0`;
    await fio(uri, lab.folder, ['--rw=write', `--bs=${MIB}`]);
    let over = false;
    const load = fio(uri, lab.folder, [
      ...['--rw=randrw', `--bs=${4 * KIB}`, '--time_based', `--runtime=${seconds}`],
    ]);
    const ended = load.finally(() => {
      over = true;
    });
    ended.catch(() => undefined);
    const pauses: { pauseMs: number; heldIos: number }[] = [];
    let [from, to] = [here, there];
    while (!over) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const ticket = await to.keyed(calls.prepareIncoming, { vm });
      pauses.push(await from.keyed(calls.migrateOut, { vmId: vm.vmId, ticket }));
      await to.keyed(calls.finishIncoming, { vmId: vm.vmId });
      [from, to] = [to, from];
    }
    await ended;
    report(pauses, print);
  } finally {
    await lab.close();
  }
}

function report(
  pauses: readonly { pauseMs: number; heldIos: number }[],
  print: (line: string) => void,
): void {
  const times = pauses.map(({ pauseMs }) => pauseMs).sort((a, b) => a - b);
  const held = pauses.map(({ heldIos }) => heldIos).sort((a, b) => a - b);
  const at = (values: number[], share: number): number =>
    values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
  const ms = (share: number): string => `${at(times, share).toFixed(0)} ms`;
  print(`\nlive migration under fio, 4 KiB random, 70/30, depth ${DEPTH}: ${times.length} moves`);
  print(
    `  pause: median ${ms(0.5)}, p99 ${ms(0.99)}, longest ${ms(1)}  (wanted: p99 below 300 ms)`,
  );
  print(`  I/Os held in a pause: median ${at(held, 0.5)}, most ${at(held, 1)}; fio met no error`);
}

/** Ends when the work is done; an I/O error ends it with a code that throws here. */
async function fio(uri: string, cwd: string, more: readonly string[]): Promise<void> {
  const size = [`--size=${DISK_BYTES}`, `--iodepth=${DEPTH}`, '--rwmixread=70'];
  const job = ['--name=move', '--ioengine=nbd', `--uri=${uri}`, ...size, ...more];
  await mustRun('fio', job, { cwd, timeoutMs: 600_000 });
}
