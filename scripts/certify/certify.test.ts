// Tests of the certification: a good filter passes all of it, and each bad one fails for what is
// wrong with it. Real worlds, with little effort each.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Authority, openAuthority } from '#scripts/build-vibs/authority.ts';
import { buildFilterVib } from '#scripts/build-vibs/filter-vib.ts';
import { certify } from './certify.ts';
import type { Effort } from './check.ts';
import { BAD_DAEMONS, daemonVib, GOOD_DAEMON } from './lab/bad-daemons.ts';
import { BAD_FILTERS, badVib, DISK_ON_FLASH } from './lab/bad-filters.ts';
import { type CertifyReport, checkLines, endLines, reportSchema } from './report.ts';

const EFFORT: Effort = { operations: 600, crashes: 1, crashPoints: 2, memoryIos: 16_000 };
const FILTERS = path.resolve(import.meta.dirname, '../../filters');
/** The machine may be busy with other tests. */
const LONG_MS = 900_000;

let directory = '';
let authority: Authority;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sluice-certify-test-'));
  authority = await openAuthority(path.join(directory, 'pki'), new Date());
});

afterAll(() => rm(directory, { recursive: true }));

function trial(
  bytes: Uint8Array,
  only?: string[],
  properties: Record<string, string> = {},
  effort: Effort = EFFORT,
): Promise<CertifyReport> {
  const { roots } = authority;
  const more = only ? { only } : {};
  return certify({ bytes, roots, now: new Date(), seed: 11, effort, properties, ...more });
}

test(
  'a good filter passes everything, and the report can be read',
  async () => {
    const { bytes } = await buildFilterVib({ directory: path.join(FILTERS, 'trace'), authority });
    const report = await trial(bytes);
    expect(report.checks.filter(({ verdict }) => verdict !== 'passed')).toEqual([]);
    expect(report.passed).toBe(true);
    expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(endLines(report)).toContain('All 13 checks passed.');
  },
  LONG_MS,
);

test.each<[keyof typeof BAD_FILTERS, string, RegExp]>([
  ['dropsWrites', 'model', /brought wrong data/],
  ['dropsFlushes', 'flush', /Of 24 flushes 24 were answered without a flush of the storage/],
  ['ignoresFua', 'flush', /Of 24 writes with FUA 24 were answered without a flush/],
  ['staleAfterTrim', 'trim', /After a trim, power off and on, a read brought wrong data/],
  ['swallowsTrims', 'trim', /Trims do not reach the storage/],
  ['forgetsZeroes', 'trim', /A read after write zeroes brought wrong data/],
  ['leaks', 'memory', /Memory grew by \d+ MiB/],
  ['answersTwice', 'model', /at fault in read: answered a deferred I\/O that was answered before/],
  // Found by a read while the storage fails, or by one after it: whichever comes first.
  ['hidesErrors', 'errors', /read brought wrong data/],
  ['forgetsItsKey', 'migration', /(During|After) a migration, a read brought wrong data/],
  ['trustsTheFlash', 'flush', /Of 24 flushes 24 were answered without a flush/],
  ['keepsBuffers', 'model', /at fault in write: wrote to an I\/O's data after it had answered/],
  ['neverAnswers', 'flush', /An I\/O was not answered within 30 s: a flush/],
  ['saysTooMuch', 'model', /reports the number surprise, which it does not declare/],
])(
  'a filter that %s fails in %s',
  async (name, check, reason) => {
    const report = await trial(await badVib(BAD_FILTERS[name]), [check]);
    const [result] = report.checks;
    expect(result?.reason).toMatch(reason);
    expect(report.passed).toBe(false);
    expect(result && checkLines(result)).toMatch(/^FAIL/);
  },
  LONG_MS,
);

test.each([
  ['replication', 'finds a target', 'attach'],
  ['encryption', 'finds its keys', 'errors'],
])(
  '%s %s, and passes %s',
  async (name, _finds, check) => {
    const directory = path.join(FILTERS, name);
    const { bytes } = await buildFilterVib({ directory, authority });
    const report = await trial(bytes, [check]);
    expect(report.checks[0]?.reason).toBe(null);
  },
  LONG_MS,
);

test(
  'what was synchronized on flash counts as flushed',
  async () => {
    const report = await trial(await badVib(DISK_ON_FLASH), ['flush']);
    expect(report.checks[0]?.reason).toBe(null);
  },
  LONG_MS,
);

test(
  'two steps that must be one show where a kill comes between them, and nowhere else',
  async () => {
    const bytes = await badVib(BAD_FILTERS.changesInTwoSteps);
    const effort = { ...EFFORT, crashPoints: 64, crashScenarios: ['resume'] };
    const report = await trial(bytes, ['operations', 'crash', 'awaits'], {}, effort);
    expect(report.checks.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['operations', 'passed'],
      ['crash', 'passed'],
      ['awaits', 'failed'],
    ]);
    expect(report.checks[2]?.reason).toMatch(
      /resume, ended at point \d+ \((own write ended|sidecar begins)\): After that, a read brought/,
    );
  },
  LONG_MS,
);

test(
  'a good daemon passes, with connections between its two hosts',
  async () => {
    const bytes = await daemonVib({ daemon: GOOD_DAEMON });
    const checks = ['package', 'daemon', 'migration'];
    const report = await trial(bytes, checks, { peer: '127.0.0.78:7077' });
    expect(report.checks.map(({ id, reason }) => [id, reason])).toEqual([
      ['package', null],
      ['migration', null],
      ['daemon', null],
    ]);
    const numbers = report.checks.at(-1)?.numbers;
    expect(numbers).toMatchObject({ connections: 1, killed: 2, strangers: 20 });
  },
  LONG_MS,
);

test.each<[keyof typeof BAD_DAEMONS, string, RegExp]>([
  ['crashes', 'daemon', /The daemon ended by itself while its disk worked: lost my way/],
  ['throws', 'daemon', /A listener of the daemon threw while its disk worked: .*lost my way/],
  ['leaks', 'daemon', /The daemon's memory grew by \d+ MiB/],
  ['floods', 'daemon', /The daemon floods its line: \d+ MiB in 2 s/],
  ['answersWrongly', 'daemon', /at fault in .*the daemon said 2 bytes/],
  ['listensElsewhere', 'daemon', /The daemon listens on tcp 0\.0\.0\.0:\d+\./],
  ['fearsStrangers', 'daemon', /ended by itself when a stranger sent it/],
  ['neverStops', 'daemon', /The daemon does not end within 5 s of being told to stop/],
  ['isNeeded', 'daemon', /An I\/O was not answered within 30 s/],
  ['hasAnotherName', 'package', /The daemon calls itself other/],
])(
  'a daemon that %s fails in %s',
  async (name, check, reason) => {
    const report = await trial(await daemonVib(BAD_DAEMONS[name]), [check]);
    expect(report.checks[0]?.reason).toMatch(reason);
    expect(report.passed).toBe(false);
  },
  LONG_MS,
);

test(
  'a module that imports, or is none, is tried no further',
  async () => {
    const importing = await badVib('return {};', "import 'node:fs';\n");
    const first = await trial(importing, ['package', 'model']);
    expect(first.checks.map(({ verdict }) => verdict)).toEqual(['failed', 'skipped']);
    expect(first.checks[0]?.reason).toMatch(/imports node:fs/);
    const broken = await trial(await badVib('}}}'), ['package', 'model']);
    expect(broken.checks.map(({ verdict }) => verdict)).toEqual(['failed', 'skipped']);
  },
  LONG_MS,
);
