// npm run chaos -- [--hosts 20] [--vms 6] [--at-once 3] [--rounds 2] [--every-ms 3000] [--seed N]:
// upgrades a filter over real hosts in the middle of trouble, and prints what came of it.
import { parseArgs } from 'node:util';
import { systemClock } from '#lib/base/system-clock.ts';
import { ChaosLab } from './chaos-lab.ts';
import { findWrong, runChaos } from './run-chaos.ts';
import { seeded } from './seeded.ts';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '20' },
    vms: { type: 'string', default: '6' },
    'at-once': { type: 'string', default: '3' },
    rounds: { type: 'string', default: '2' },
    'every-ms': { type: 'string', default: '3000' },
    seed: { type: 'string', default: String(systemClock.now() % 100_000) },
  },
});
const [hosts, vms, rounds] = [Number(values.hosts), Number(values.vms), Number(values.rounds)];
const random = seeded(Number(values.seed));
const begun = systemClock.monotonic();
const log = (line: string): void => {
  const seconds = ((systemClock.monotonic() - begun) / 1000).toFixed(1);
  process.stdout.write(`${seconds.padStart(7)} s  ${line}\n`);
};

log(`${hosts} hosts, ${vms} VMs, seed ${values.seed}`);
const chaos = await ChaosLab.open({ hosts, vms });
try {
  const nameOf = (number: number) => `esx${String(number).padStart(2, '0')}`;
  const linked = nameOf(hosts - 1);
  const link = await chaos.giveLink(linked);
  const small = (await chaos.giveSmallDisk(nameOf(hosts))) ? nameOf(hosts) : null;
  if (!small) log('this user may not mount: no host has a disk that fills up');
  await chaos.startWriters();
  for (let round = 0; round < rounds; round += 1) {
    const figures = await runChaos(chaos, {
      ...{ from: `1.${round}.0`, to: `1.${round + 1}.0`, random, link, linked, small, log },
      ...{ hostsAtOnce: Number(values['at-once']), troubleEveryMs: Number(values['every-ms']) },
      troublesMax: Number.POSITIVE_INFINITY,
    });
    log(JSON.stringify(figures));
  }
  const wrong = await findWrong(chaos);
  const tasks = await chaos.lab.db.task.count();
  const flushed = chaos.writers.map((writer) => writer.flushed);
  const lost = chaos.writers.map((writer) => writer.lost);
  log(`${tasks} tasks; flushed ${flushed.join(', ')}; connections lost ${lost.join(', ')}`);
  for (const line of wrong) log(`WRONG: ${line}`);
  log(wrong.length === 0 ? 'every task ended once, every flushed block is there' : 'not good');
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  await chaos.close();
}
