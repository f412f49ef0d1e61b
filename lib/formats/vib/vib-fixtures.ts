// What the tests of VIBs share: a small certificate authority, made once a run, and VIBs to break.
import { generateKeyPairSync } from 'node:crypto';
import type { AcceptanceLevel, VibDescriptor } from '../../model/vib.ts';
import type { ArchiveFile } from './archive/tar.ts';
import { makeCertificate } from './certificate.ts';
import type { SigningKey } from './sign-descriptor.ts';
import type { TrustedRoot } from './trusted-roots.ts';
import { writeVib } from './write-vib.ts';

export const TEST_NOW_MS = Date.UTC(2026, 5, 1);
const NOT_BEFORE = new Date(Date.UTC(2025, 0, 1));
const NOT_AFTER = new Date(Date.UTC(2030, 0, 1));

export interface TestAuthority {
  root: TrustedRoot;
  key: SigningKey;
}

/** A root and one signer under it. 2048 bits, because tests make several. */
export async function makeTestAuthority(
  name: string,
  {
    platformVendor = false,
    levels = ['PartnerSupported', 'CommunitySupported'],
    signerNotAfter = NOT_AFTER,
  }: { platformVendor?: boolean; levels?: AcceptanceLevel[]; signerNotAfter?: Date } = {},
): Promise<TestAuthority> {
  const rootKey = makeKey();
  const signerKey = makeKey();
  const shared = { organization: 'Test', issuer: name, issuerKeyPem: rootKey } as const;
  const pem = await makeCertificate({
    ...shared,
    kind: 'root',
    subject: name,
    subjectKeyPem: rootKey,
    serialNumber: 1,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
  });
  const signerPem = await makeCertificate({
    ...shared,
    kind: 'signer',
    subject: `${name} signer`,
    subjectKeyPem: signerKey,
    serialNumber: 2,
    notBefore: NOT_BEFORE,
    notAfter: signerNotAfter,
  });
  return {
    root: { name, pem, platformVendor, levels },
    key: { privateKeyPem: signerKey, certificatePems: [signerPem] },
  };
}

export function testDescriptor(
  changes: Partial<VibDescriptor> = {},
): Omit<VibDescriptor, 'files' | 'payloads'> {
  return {
    type: 'bootbank',
    name: 'sample',
    version: '1.0.0',
    vendor: 'TST',
    summary: 'A sample <VIB> & more',
    description: 'For tests "only"',
    releaseDate: '2026-01-02T03:04:05+00:00',
    acceptanceLevel: 'CommunitySupported',
    depends: [],
    conflicts: [],
    replaces: [],
    provides: [],
    softwareTags: [],
    maintenanceModeRequired: false,
    softwarePlatforms: [],
    liveInstallAllowed: true,
    liveRemoveAllowed: true,
    ...changes,
  };
}

export function textFile(path: string, text: string): ArchiveFile {
  return { path, mode: 0o644, bytes: new TextEncoder().encode(text) };
}

/** A VIB of the descriptor with one text file, or the given files. */
export function testVib({
  descriptor = {},
  files = [textFile('opt/sample/readme.txt', 'hello\n')],
  keys = [],
}: {
  descriptor?: Partial<VibDescriptor>;
  files?: ArchiveFile[];
  keys?: SigningKey[];
} = {}): Promise<Uint8Array> {
  return writeVib({ descriptor: testDescriptor(descriptor), files, payloadName: 'payload1', keys });
}

function makeKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}
