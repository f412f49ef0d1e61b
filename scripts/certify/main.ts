// `npm run certify -- some.vib`: runs the conformance suite on the filter of a VIB and, when all of
// it has passed, signs the VIB with the acceptance level that is asked for.
//   --level LEVEL   PartnerSupported (default), VMwareAccepted, VMwareCertified, CommunitySupported
//   --out FILE      the signed VIB (default beside the VIB, with the level in its name)
//   --json FILE     the report for machines
//   --seed N        repeats the random choices of another run
//   --quick         less of everything, and never signs
//   --only A,B      these checks alone, and never signs
//   --pki DIR       the authority's folder (default .data/pki)
import { randomInt } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openVib } from '#lib/formats/vib/open-vib.ts';
import { Fault } from '#lib/model/fault.ts';
import { type AcceptanceLevel, acceptanceLevelSchema } from '#lib/model/vib.ts';
import { type Authority, keysFor, openAuthority } from '#scripts/build-vibs/authority.ts';
import { CHECKS, certify } from './certify.ts';
import { FULL_EFFORT, QUICK_EFFORT } from './check.ts';
import { type CertifyReport, checkLines, endLines, headLines } from './report.ts';
import { requireSignable, signVib } from './sign-vib.ts';

const projectRoot = path.resolve(import.meta.dirname, '../..');
const USAGE = 'usage: npm run certify -- some.vib [--level LEVEL] [--json FILE] [--seed N]';
/** Where the user stands: npm itself goes to the root of the project. */
const here = process.env.INIT_CWD ?? process.cwd();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    level: { type: 'string', default: 'PartnerSupported' },
    out: { type: 'string' },
    json: { type: 'string' },
    seed: { type: 'string' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    pki: { type: 'string', default: path.join(projectRoot, '.data/pki') },
  },
});

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () =>
    stop.abort(new Fault('RequestCanceled', 'The certification was stopped.')),
  );
}

process.exitCode = await main().catch((thrown: unknown) => {
  if (!(thrown instanceof Fault)) throw thrown;
  say(`${thrown.fault}: ${thrown.reasons.map(({ message }) => message).join(' ')}`);
  return 2;
});

/** 0 when certified, 1 when not. */
async function main(): Promise<number> {
  const [file] = positionals;
  if (!file) throw new Fault('InvalidArgument', USAGE);
  const vibPath = path.resolve(here, file);
  const bytes = await readFile(vibPath);
  const level = acceptanceLevelSchema.parse(values.level);
  const now = new Date();
  const authority = await openAuthority(path.resolve(here, values.pki), now);
  const { roots } = authority;
  // Said before minutes of work, not after.
  requireSignable(await openVib({ bytes, roots, nowMs: now.getTime() }), level);
  const report = await certify({
    ...{ bytes, roots, now, only: onlyChecks() },
    seed: values.seed === undefined ? randomInt(1, 2 ** 31) : Number(values.seed),
    effort: values.quick ? QUICK_EFFORT : FULL_EFFORT,
    signal: stop.signal,
    onStart: (started) => say(headLines(started)),
    onCheck: (result) => say(checkLines(result)),
  });
  const whole = !values.quick && values.only === undefined;
  if (report.passed && whole) report.signed = await sign({ vibPath, bytes, level, authority });
  say(endLines(report));
  if (values.json !== undefined) {
    await writeFile(path.resolve(here, values.json), `${JSON.stringify(report, null, 2)}\n`);
  }
  return report.passed ? 0 : 1;
}

async function sign({
  vibPath,
  bytes,
  level,
  authority,
}: {
  vibPath: string;
  bytes: Uint8Array;
  level: AcceptanceLevel;
  authority: Authority;
}): Promise<CertifyReport['signed']> {
  const vib = await openVib({ bytes, roots: authority.roots, nowMs: Date.now() });
  const signed = await signVib(vib, level, authority);
  const ending = `-${level}.vib`;
  const out = path.resolve(here, values.out ?? vibPath.replace(/(\.vib)?$/, ending));
  await writeFile(`${out}.new`, signed);
  await rename(`${out}.new`, out);
  // What is told is what a host will find.
  const { inspection } = await openVib({
    ...{ bytes: signed, roots: authority.roots, nowMs: Date.now() },
  });
  const anonymous = keysFor(authority, level).length === 0;
  return { level, signer: anonymous ? null : (inspection.signers[0]?.subject ?? null), file: out };
}

function onlyChecks(): string[] {
  const known = CHECKS.map(({ id }) => id);
  if (values.only === undefined) return known;
  const wanted = values.only.split(',');
  const unknown = wanted.find((id) => !known.includes(id));
  if (unknown === undefined) return wanted;
  throw new Fault(
    'InvalidArgument',
    `There is no check ${unknown}; there are ${known.join(', ')}.`,
  );
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
