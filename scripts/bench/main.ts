// npm run bench: our I/O path against `nbdkit file`, alternating in one run on this machine, then
// our filters against others of their kind (pairs), then what replication costs (replication), then
// what shares do to a storage that is too slow for all (shares), then the pause of live migrations,
// then what the idle lab costs, then what idle VMs cost, then what the control plane costs.
//   --only io|pairs|replication|shares|migration|lab|idle|control   one of them
//   --pair NAME        of the pairs, only those of this filter of ours
//   --trace FILE       the hit ratio of the cache on a vSCSI trace, and nothing else
//   --quick            short rounds
//   --realtime         servers and fio under SCHED_RR, for a machine that is not idle (root)
//   --filter FILE      measure with this filter module (may be repeated; else the shipped ones)
//   --bare             without any filters, for work on the path itself
//   --case TEXT        only the cases whose label has this text
import { parseArgs } from 'node:util';
import { benchPolicy } from './cache-policy.ts';
import { benchControl } from './control/control.ts';
import { benchFleet } from './control/fleet.ts';
import { benchLab } from './control/lab.ts';
import { benchIdle } from './idle.ts';
import { benchIo } from './io.ts';
import { benchMigration } from './migration.ts';
import { benchPairs } from './pairs.ts';
import { benchReplication } from './replication.ts';
import { benchShares } from './shares.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    realtime: { type: 'boolean', default: false },
    filter: { type: 'string', multiple: true, default: [] },
    bare: { type: 'boolean', default: false },
    pair: { type: 'string', default: '' },
    case: { type: 'string', default: '' },
    only: { type: 'string' },
    trace: { type: 'string' },
  },
});

const print = (line: string) => process.stdout.write(`${line}\n`);

const wants = (part: string) =>
  values.trace === undefined && (values.only === undefined || values.only === part);

if (values.trace !== undefined) await benchPolicy(values.trace, print);

if (wants('io')) {
  await benchIo({
    seconds: values.quick ? 1 : 3,
    rounds: values.quick ? 2 : 5,
    realtime: values.realtime,
    filterFiles: values.filter,
    bare: values.bare,
    caseText: values.case,
    print,
  });
}
if (wants('pairs')) {
  await benchPairs({
    pair: values.pair,
    seconds: values.quick ? 1 : 3,
    rounds: values.quick ? 2 : 5,
    realtime: values.realtime,
    caseText: values.case,
    print,
  });
}
if (wants('replication')) {
  await benchReplication({
    seconds: values.quick ? 1 : 3,
    rounds: values.quick ? 2 : 5,
    realtime: values.realtime,
    caseText: values.case,
    print,
  });
}
if (wants('shares')) {
  await benchShares({ seconds: values.quick ? 5 : 20, realtime: values.realtime, print });
}
if (wants('migration')) await benchMigration(values.quick ? 10 : 60, print);
if (wants('lab')) await benchLab(print);
if (wants('idle')) await benchIdle({ worlds: values.quick ? 10 : 100, seconds: 10 }, print);
if (wants('control')) {
  const small = { hosts: 100, vms: 1_000 };
  const sizes = values.quick ? [small] : [small, { hosts: 1_000, vms: 10_000 }];
  await benchControl(sizes, print);
  for (const size of sizes) await benchFleet(size, print);
}
