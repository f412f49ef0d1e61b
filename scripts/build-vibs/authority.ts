// The lab's certificate authority: two roots with one signer each, made once and kept in a folder.
// The platform vendor's root vouches for every level, the partner's for PartnerSupported at most.
import { generateKeyPair } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type CertificateRequest, makeCertificate } from '#lib/formats/vib/certificate.ts';
import type { SigningKey } from '#lib/formats/vib/sign-descriptor.ts';
import type { TrustedRoot } from '#lib/formats/vib/trusted-roots.ts';
import { ACCEPTANCE_LEVELS, type AcceptanceLevel } from '#lib/model/vib.ts';

const makeKeyPair = promisify(generateKeyPair);
const DAY_MS = 86_400_000;
const YEARS_VALID = 10;
const KINDS = ['platform', 'partner'] as const;
type Kind = (typeof KINDS)[number];

/** The code by which VIBs name the maker of the platform. Every other vendor is a partner. */
export const PLATFORM_VENDOR = 'SLU';

export interface Authority {
  roots: TrustedRoot[];
  /** Who signs as the platform vendor, and who as a partner. */
  signers: Record<Kind, SigningKey>;
}

/**
 * Reads the authority, or makes it when the folder has none. Keys are readable by their owner
 * alone.
 */
export async function openAuthority(directory: string, now: Date): Promise<Authority> {
  const known = await readAuthority(directory);
  if (known) return known;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const fresh = await mkdtemp(path.join(directory, '.new-'));
  for (const kind of KINDS) await makeRootAndSigner(fresh, kind, now);
  // The last file to appear says that the authority is whole.
  for (const kind of KINDS) {
    for (const file of filesOf(kind))
      await rename(path.join(fresh, file), path.join(directory, file));
  }
  await rm(fresh, { recursive: true });
  const made = await readAuthority(directory);
  if (!made) throw new Error(`the certificate authority in ${directory} cannot be read back`);
  await writeFile(path.join(directory, 'roots.json'), `${JSON.stringify(made.roots, null, 2)}\n`);
  return made;
}

/** Who signs for a level: nobody for a community VIB. */
export function keysFor({ signers }: Authority, level: AcceptanceLevel): SigningKey[] {
  if (level === 'CommunitySupported') return [];
  return [level === 'PartnerSupported' ? signers.partner : signers.platform];
}

async function readAuthority(directory: string): Promise<Authority | null> {
  const platform = await readKind(directory, 'platform');
  const partner = await readKind(directory, 'partner');
  if (!platform || !partner) return null;
  const roots: TrustedRoot[] = [
    {
      name: rootName('platform'),
      pem: platform.rootPem,
      platformVendor: true,
      levels: [...ACCEPTANCE_LEVELS],
    },
    {
      name: rootName('partner'),
      pem: partner.rootPem,
      platformVendor: false,
      levels: ['PartnerSupported', 'CommunitySupported'],
    },
  ];
  return { roots, signers: { platform: platform.key, partner: partner.key } };
}

async function readKind(
  directory: string,
  kind: Kind,
): Promise<{ rootPem: string; key: SigningKey } | null> {
  const [, rootPem, privateKeyPem, signerPem] = await Promise.all(
    filesOf(kind).map((file) =>
      readFile(path.join(directory, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      }),
    ),
  );
  if (!rootPem || !privateKeyPem || !signerPem) return null;
  return { rootPem, key: { privateKeyPem, certificatePems: [signerPem] } };
}

async function makeRootAndSigner(directory: string, kind: Kind, now: Date): Promise<void> {
  const rootKeyPem = await makeKey();
  const signerKeyPem = await makeKey();
  const shared = {
    organization: 'Sluice Lab',
    issuer: rootName(kind),
    issuerKeyPem: rootKeyPem,
    // A day early: the hosts' clocks may be behind.
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + YEARS_VALID * 365 * DAY_MS),
  };
  const certificates: Pick<
    CertificateRequest,
    'kind' | 'subject' | 'subjectKeyPem' | 'serialNumber'
  >[] = [
    { kind: 'root', subject: rootName(kind), subjectKeyPem: rootKeyPem, serialNumber: 1 },
    { kind: 'signer', subject: signerName(kind), subjectKeyPem: signerKeyPem, serialNumber: 2 },
  ];
  const [rootPem, signerPem] = await Promise.all(
    certificates.map((certificate) => makeCertificate({ ...shared, ...certificate })),
  );
  const contents = [rootKeyPem, rootPem ?? '', signerKeyPem, signerPem ?? ''];
  for (const [index, file] of filesOf(kind).entries()) {
    const mode = file.endsWith('.key') ? 0o600 : 0o644;
    await writeFile(path.join(directory, file), contents[index] ?? '', { mode });
  }
}

async function makeKey(): Promise<string> {
  const { privateKey } = await makeKeyPair('rsa', { modulusLength: 3072 });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function filesOf(kind: Kind): string[] {
  return [`${kind}-root.key`, `${kind}-root.pem`, `${kind}-signer.key`, `${kind}-signer.pem`];
}

function rootName(kind: Kind): string {
  return kind === 'platform' ? 'Sluice Lab Platform Root' : 'Sluice Lab Partner Root';
}

function signerName(kind: Kind): string {
  return kind === 'platform' ? 'Sluice Lab Platform Signing' : 'Sluice Lab Partner Signing';
}
