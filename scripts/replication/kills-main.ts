// node scripts/replication/kills-main.ts KILLS [SEED] [synchronous]: kill -9 of world, daemon and
// target in turn, so often; see kill-rounds.ts. Ends with 1 at the first difference.
import { WorldHarness } from '#host/world/world-harness.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { killRounds, VICTIMS } from './kill-rounds.ts';

const [kills = '30', seed = '1', mode = 'asynchronous'] = process.argv.slice(2);
const random = new XorShift(Number(seed));
const victims = Array.from({ length: Number(kills) }, (_, at) => {
  return VICTIMS[at % VICTIMS.length] ?? 'world';
});
const harness = await WorldHarness.create();
const say = (line: string) => process.stdout.write(`${line}\n`);
try {
  const result = await killRounds(harness, {
    ...{ random, victims, properties: { mode } },
    onRound: (round, victim) => say(`${round}: ${victim}`),
  });
  say(JSON.stringify(result));
} catch (thrown) {
  say(String(thrown));
  process.exitCode = 1;
} finally {
  await harness.dispose();
}
