// What `npm run certify` is told on the command line, checked before any work begins.
import { parseArgs } from 'node:util';
import { Fault } from '#lib/model/fault.ts';
import type { FilterPropertyValues } from '#lib/model/filter.ts';
import { type AcceptanceLevel, acceptanceLevelSchema } from '#lib/model/vib.ts';
import { CHECKS } from './certify.ts';

export const USAGE = `usage: npm run certify -- FILE.vib [options]

Tries the I/O filter of a VIB in real worlds and, when all checks pass, signs the VIB.

  --level LEVEL      the acceptance level to sign for: PartnerSupported (default),
                     VMwareAccepted, VMwareCertified; CommunitySupported signs nothing
  --signer WHO       partner or platform; refuses a level that WHO does not sign for
  --out FILE         the signed VIB (default beside the VIB, with the level in its name)
  --json FILE        the report for machines (docs/filter-sdk/report.schema.json)
  --property N=V     a value of the policy in all checks; may be repeated
  --seed N           repeats the random choices of another run
  --quick            less of everything, and never signs
  --only A,B         these checks alone, and never signs
  --pki DIR          the authority's folder (default .data/pki)
  --help             this text

Checks: ${CHECKS.map(({ id }) => id).join(', ')}.
A filter with a daemon finds two hosts: 127.0.0.77, where the disk is, and 127.0.0.78.
Ends with 0 when all checks passed, 1 when one failed, 2 when it could not begin or may not sign.`;

export interface CertifyArguments {
  file: string;
  level: AcceptanceLevel;
  out: string | null;
  json: string | null;
  /** Null to choose one. */
  seed: number | null;
  quick: boolean;
  /** Null for all. */
  only: string[] | null;
  properties: FilterPropertyValues;
  pki: string | null;
}

const OPTIONS = {
  level: { type: 'string', default: 'PartnerSupported' },
  signer: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'string' },
  property: { type: 'string', multiple: true },
  seed: { type: 'string' },
  quick: { type: 'boolean', default: false },
  only: { type: 'string' },
  pki: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** Null when help is asked for. Throws InvalidArgument, with what is wrong and what there is. */
export function readArguments(args: readonly string[]): CertifyArguments | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const [file, second] = positionals;
  if (file === undefined) throw invalid(`Which VIB? ${MORE}`);
  if (second !== undefined) {
    throw invalid(`One VIB at a time: there is ${second} after ${file}. ${MORE}`);
  }
  const level = levelOf(values.level);
  requireSigner(values.signer, level);
  return {
    ...{ file, level, quick: values.quick },
    ...{ out: values.out ?? null, json: values.json ?? null, pki: values.pki ?? null },
    seed: values.seed === undefined ? null : seedOf(values.seed),
    only: values.only === undefined ? null : checksOf(values.only),
    properties: Object.fromEntries((values.property ?? []).map(propertyOf)),
  };
}

const MORE = '`npm run certify -- --help` says how it is called.';

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('InvalidArgument', `${why} ${MORE}`, { cause });
  }
}

function levelOf(text: string): AcceptanceLevel {
  const level = acceptanceLevelSchema.safeParse(text);
  if (level.success) return level.data;
  const known = acceptanceLevelSchema.options.join(', ');
  throw invalid(`There is no acceptance level ${text || '""'}; there are ${known}.`);
}

/** A partner's signature vouches for one level alone. */
function requireSigner(signer: string | undefined, level: AcceptanceLevel): void {
  if (signer === undefined) return;
  if (signer !== 'partner' && signer !== 'platform') {
    throw invalid(`There is no signer ${signer}; there are partner and platform.`);
  }
  const partners = level === 'PartnerSupported' || level === 'CommunitySupported';
  if (signer === 'partner' && !partners) {
    throw invalid(
      `${level} is signed by the vendor of the platform; a partner signs for PartnerSupported.`,
    );
  }
  if (signer === 'platform' && partners) {
    throw invalid(
      `${level} is not signed by the vendor of the platform; ` +
        'it signs for VMwareAccepted and VMwareCertified.',
    );
  }
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (Number.isSafeInteger(seed) && seed > 0) return seed;
  throw invalid(`The seed ${text} is no whole number above 0.`);
}

function checksOf(text: string): string[] {
  const known = CHECKS.map(({ id }) => id);
  const wanted = text.split(',');
  const unknown = wanted.find((id) => !known.includes(id));
  if (unknown === undefined) return wanted;
  throw invalid(`There is no check ${unknown}; there are ${known.join(', ')}.`);
}

/** `size=64`, `on=true`, `peer=127.0.0.78:7000`. */
function propertyOf(text: string): [string, string | number | boolean] {
  const at = text.indexOf('=');
  if (at < 1) throw invalid(`--property wants NAME=VALUE, not ${text}.`);
  const value = text.slice(at + 1);
  if (value === 'true' || value === 'false') return [text.slice(0, at), value === 'true'];
  const number = /^-?\d+$/.test(value) ? Number(value) : value;
  return [text.slice(0, at), number];
}

function invalid(message: string): Fault {
  return new Fault('InvalidArgument', message);
}
