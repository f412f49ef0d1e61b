// A process for the tests of the disk lock. It takes the lock again and again and logs to a file,
// one line for each step, while it holds it. Arguments: descriptor, log file, name, rounds,
// milliseconds to hold, and `elsewhere`.
import { appendFileSync } from 'node:fs';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { Fault } from '#lib/model/fault.ts';
import { acquireDiskLock, type DiskLock } from '../disk-lock.ts';
import { type ProcessTable, systemProcesses } from '../process-identity.ts';
import { Heartbeats } from './heartbeats.ts';

const [descriptorPath = '', log = '', name = '', rounds = '1', holdMs = '0', where = 'here'] =
  process.argv.slice(2);
/** With `elsewhere` it says that it runs on another machine, so that nobody here can end it. */
const processes: ProcessTable = {
  ...systemProcesses,
  async identify(pid) {
    const identity = await systemProcesses.identify(pid);
    return where === 'elsewhere' ? { ...identity, bootId: 'another machine' } : identity;
  },
};
/** Used where the datastore is VMFS. */
const heartbeats = new Heartbeats({ clock: systemClock, random: systemRandom });
const write = (what: string, epoch: number): void => {
  appendFileSync(log, `${what} ${name} ${epoch}\n`);
};

for (let round = 0; round < Number(rounds); ) {
  const lock = await acquireOrWait();
  if (!lock) continue;
  round++;
  lock.onLost(() => write('lost', lock.epoch));
  if (lock.isHeld()) write('enter', lock.epoch);
  const end = systemClock.monotonic() + Number(holdMs);
  while (systemClock.monotonic() < end && lock.isHeld()) {
    write('io', lock.epoch);
    await sleep(systemClock, 5);
  }
  if (lock.isHeld()) write('leave', lock.epoch);
  await lock.release();
}

async function acquireOrWait(): Promise<DiskLock | null> {
  const owner = { hostUuid: name, hostName: name, vmId: 'vm-1' };
  const seams = { clock: systemClock, random: systemRandom, processes, heartbeats };
  const request = { descriptorPath, owner, ...seams };
  return acquireDiskLock(request).catch((error: unknown) => {
    if (error instanceof Fault && error.fault === 'FileLocked') return null;
    throw error;
  });
}
