// `npm run certify -- some.vib`: runs the conformance suite on the filter of a VIB and, when all of
// it has passed, signs the VIB with the acceptance level that is asked for. `--help` says more.
import { randomInt } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openVib } from '#lib/formats/vib/open-vib.ts';
import { Fault } from '#lib/model/fault.ts';
import type { AcceptanceLevel } from '#lib/model/vib.ts';
import { type Authority, keysFor, openAuthority } from '#scripts/build-vibs/authority.ts';
import { certify } from './certify.ts';
import { FULL_EFFORT, QUICK_EFFORT } from './check.ts';
import { type CertifyArguments, readArguments, USAGE } from './options.ts';
import { type CertifyReport, checkLines, endLines, headLines } from './report.ts';
import { requireSignable, signVib } from './sign-vib.ts';

const projectRoot = path.resolve(import.meta.dirname, '../..');
/** Where the user stands: npm itself goes to the root of the project. */
const here = process.env.INIT_CWD ?? process.cwd();

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
  const given = readArguments(process.argv.slice(2));
  if (given) return tryAndSign(given);
  say(USAGE);
  return 0;
}

async function tryAndSign(given: CertifyArguments): Promise<number> {
  const { level, only, quick, properties, json } = given;
  const vibPath = path.resolve(here, given.file);
  const bytes = await readVib(vibPath);
  const now = new Date();
  const pki = given.pki ?? path.join(projectRoot, '.data/pki');
  const authority = await openAuthority(path.resolve(here, pki), now);
  const { roots } = authority;
  // Said before minutes of work, not after.
  requireSignable(await openVib({ bytes, roots, nowMs: now.getTime() }), level);
  const report = await certify({
    ...{ bytes, roots, now, properties },
    ...(only && { only }),
    seed: given.seed ?? randomInt(1, 2 ** 31),
    effort: quick ? QUICK_EFFORT : FULL_EFFORT,
    signal: stop.signal,
    onStart: (started) => say(headLines(started)),
    onCheck: (result) => say(checkLines(result)),
  });
  if (report.passed && !quick && only === null) {
    const target = given.out ?? vibPath.replace(/(\.vib)?$/, `-${level}.vib`);
    report.signed = await sign({ out: path.resolve(here, target), bytes, level, authority });
  }
  say(endLines(report));
  if (json !== null) {
    await writeFile(path.resolve(here, json), `${JSON.stringify(report, null, 2)}\n`);
  }
  return report.passed ? 0 : 1;
}

/** Throws FileNotFound or FileFault. */
async function readVib(vibPath: string): Promise<Uint8Array> {
  try {
    return await readFile(vibPath);
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (missing) throw new Fault('FileNotFound', `There is no file ${vibPath}.`, { cause });
    throw new Fault('FileFault', `${vibPath} cannot be read: ${String(cause)}`, { cause });
  }
}

async function sign({
  out,
  bytes,
  level,
  authority,
}: {
  out: string;
  bytes: Uint8Array;
  level: AcceptanceLevel;
  authority: Authority;
}): Promise<CertifyReport['signed']> {
  const vib = await openVib({ bytes, roots: authority.roots, nowMs: Date.now() });
  const signed = await signVib(vib, level, authority);
  await writeFile(`${out}.new`, signed);
  await rename(`${out}.new`, out);
  // What is told is what a host will find.
  const { inspection } = await openVib({
    ...{ bytes: signed, roots: authority.roots, nowMs: Date.now() },
  });
  const anonymous = keysFor(authority, level).length === 0;
  return { level, signer: anonymous ? null : (inspection.signers[0]?.subject ?? null), file: out };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
