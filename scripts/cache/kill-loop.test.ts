// The cache in real worlds: kill -9 under load, with each way to write, and fio's own verification.
import { readdir } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { haveTools, mustRun } from '#host/world/test-peers.ts';
import { WorldHarness } from '#host/world/world-harness.ts';
import { COMPANIES } from './company.ts';
import { killLoop, onOneHost, shippedFilter } from './kill-loop.ts';

const BACK = { mode: 'writeBack', sizeMib: 8, logMib: 8 };
const MINUTES = 60_000;

let harness: WorldHarness | null = null;

afterEach(async () => {
  await harness?.dispose();
  harness = null;
});

test('twenty kills lose nothing that was flushed', { timeout: 6 * MINUTES }, async () => {
  const { kills, leftLogs } = await killLoop({ kills: 20, seed: 11, properties: BACK });
  expect(kills).toBe(20);
  expect(leftLogs).toBeGreaterThan(10);
  // At most the one in use, and one that a kill has left: the next opening sweeps it.
  expect(leftLogs).toBeLessThanOrEqual(2 * kills);
});

test.each(['sealed', 'clear'] as const)(
  'nor do they among all other filters, %s',
  {
    timeout: 4 * MINUTES,
  },
  async (chain) => {
    // Any write of 64 KiB goes past the log, as those of a long stream do.
    const properties = { ...BACK, streamMib: 0.05 };
    const company = COMPANIES[chain];
    const { leftLogs } = await killLoop({ kills: 3, seed: 12, properties, company });
    expect(leftLogs).toBeGreaterThan(0);
  },
);

test('fio reads what it has written, over a log that comes round', {
  timeout: 4 * MINUTES,
}, async () => {
  if (!haveTools('fio')) return;
  harness = await WorldHarness.create();
  const directory = onOneHost(harness);
  const disk = await harness.makeDisk(0);
  const filter = { ...(await shippedFilter(harness, 'cache')), properties: BACK };
  const world = await harness.start(await harness.makeLaunch([disk], [filter]));
  const range = ['--rw=randrw', '--bsrange=512-256k', '--size=48m', '--iodepth=16'];
  const verify = ['--verify=crc32c', '--verify_fatal=1', '--fsync=64'];
  const args = ['--name=v', '--ioengine=nbd', `--uri=${world.uri()}`, ...range, ...verify];
  await mustRun('fio', args, { cwd: harness.directory });
  expect(await logsIn(directory)).toHaveLength(1);
  await world.client.stop();
  await new Promise((resolve) => world.child.once('exit', resolve));
  expect(await logsIn(directory)).toEqual([]);
});

async function logsIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith('.flash'));
}
