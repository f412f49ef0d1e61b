// A process for the tests of the disk lock. It takes the lock again and again and logs to a file,
// one line for each step, while it holds it. Arguments: descriptor, log file, name, rounds,
// milliseconds to hold.
import { appendFileSync } from 'node:fs';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { Fault } from '#lib/model/fault.ts';
import { acquireDiskLock, type DiskLock } from './disk-lock.ts';

const [descriptorPath = '', log = '', name = '', rounds = '1', holdMs = '0'] =
  process.argv.slice(2);
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
  const request = { descriptorPath, owner, clock: systemClock, random: systemRandom };
  return acquireDiskLock(request).catch((error: unknown) => {
    if (error instanceof Fault && error.fault === 'FileLocked') return null;
    throw error;
  });
}
