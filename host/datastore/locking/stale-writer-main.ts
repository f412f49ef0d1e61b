// A process for the tests of fencing: takes the lock, asks whether it holds it, stops itself at
// that very point, and writes when it is woken. Arguments: descriptor, file to write to. It tells
// its parent before it stops.
import { openSync, writeSync } from 'node:fs';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { acquireDiskLock } from '../disk-lock.ts';
import { Heartbeats } from './heartbeats.ts';

const [descriptorPath = '', path = ''] = process.argv.slice(2);
const owner = { hostUuid: 'stale', hostName: 'stale', vmId: 'vm-1' };
const seams = { clock: systemClock, random: systemRandom };
const heartbeats = new Heartbeats(seams);
const lock = await acquireDiskLock({ descriptorPath, owner, ...seams, heartbeats });
const fd = openSync(path, 'r+');
await new Promise<void>((resolve) => {
  process.send?.({ held: true }, () => resolve());
});
if (lock.isHeld()) {
  // Between the question and the write, where no lease can help.
  process.kill(process.pid, 'SIGSTOP');
  writeSync(fd, 'stale', 0);
}
process.exit(0);
