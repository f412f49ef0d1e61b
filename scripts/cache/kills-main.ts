// node scripts/cache/kills-main.ts [kills] [seed] [alone|sealed|clear]: kill -9 of worlds whose
// cache writes back, so often, alone or among the other filters (company.ts), and says what it saw.
// Ends with 1 when something was lost.
import { COMPANIES } from './company.ts';
import { type KillLoopOptions, killLoop } from './kill-loop.ts';

const [kills = '100', seed = '1', chain = 'alone'] = process.argv.slice(2);
const properties = { mode: 'writeBack', sizeMib: 8, logMib: 8, streamMib: 1 };
const companies: ReadonlyMap<string, (typeof COMPANIES)['sealed'] | undefined> = new Map([
  ...Object.entries(COMPANIES),
  ['alone', undefined],
]);
if (!companies.has(chain)) throw new Error(`The chains are ${[...companies.keys()].join(', ')}.`);
const company = companies.get(chain);
const options: KillLoopOptions = {
  ...{ kills: Number(kills), seed: Number(seed), properties },
  onKill: (done) => done % 10 === 0 && process.stdout.write(`${done} kills, nothing lost\n`),
};
const seen = await killLoop(company ? { ...options, company } : options);
process.stdout.write(`${chain}: ${JSON.stringify(seen)}\n`);
