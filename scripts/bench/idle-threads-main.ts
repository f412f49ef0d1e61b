// For the bench alone: runs worlds as threads of this process, one for each launch file that is
// named: `node idle-threads-main.ts LAUNCH_FILE…`.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const WORLD_MAIN = new URL('../../host/world/world-main.ts', import.meta.url);

for (const path of process.argv.slice(2)) {
  const worker = new Worker(WORLD_MAIN, { argv: [path], execArgv: [] });
  worker.on('error', (error) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
  // One after the other: a hundred at once would starve each other.
  await once(worker, 'online');
}
