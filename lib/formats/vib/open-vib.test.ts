// Tests of reading VIBs: round trip, signatures, checksums, damage, and a VIB that other tools
// made.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Fault, type FaultName } from '../../model/fault.ts';
import type { VibDescriptor } from '../../model/vib.ts';
import { readAr, writeAr } from './archive/ar.ts';
import { writeTar } from './archive/tar.ts';
import { writeDescriptor } from './descriptor-writer.ts';
import { inspectVib, openVib } from './open-vib.ts';
import { signDescriptor } from './sign-descriptor.ts';
import {
  makeTestAuthority,
  TEST_NOW_MS,
  type TestAuthority,
  testDescriptor,
  testVib,
  textFile,
} from './vib-fixtures.ts';

let partner: TestAuthority;
let stranger: TestAuthority;
let expired: TestAuthority;
let signed: Uint8Array;

beforeAll(async () => {
  partner = await makeTestAuthority('Partner Root');
  stranger = await makeTestAuthority('Stranger Root');
  expired = await makeTestAuthority('Old Root', { signerNotAfter: new Date(TEST_NOW_MS - 1000) });
  signed = await testVib({
    descriptor: { acceptanceLevel: 'PartnerSupported' },
    keys: [partner.key],
  });
});

function inspect(bytes: Uint8Array) {
  return inspectVib({ bytes, roots: [partner.root, expired.root], nowMs: TEST_NOW_MS });
}

async function expectFault(promise: Promise<unknown>, fault: FaultName, text: RegExp) {
  const thrown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(Fault);
  if (thrown instanceof Fault) {
    expect(thrown.message).toMatch(text);
    expect(thrown.fault).toBe(fault);
  }
}

/** The same VIB with one member's bytes replaced. */
function withMember(vib: Uint8Array, name: string, change: (bytes: Uint8Array) => Uint8Array) {
  return writeAr(
    readAr(vib).map((member) =>
      member.name === name ? { name, bytes: change(member.bytes) } : member,
    ),
  );
}

describe('a signed VIB', () => {
  test('is read back as it was written, with its signer', async () => {
    const { inspection, files } = await openVib({
      bytes: signed,
      roots: [partner.root],
      nowMs: TEST_NOW_MS,
    });
    expect(inspection.id).toBe('TST_bootbank_sample_1.0.0');
    expect(inspection.descriptor).toMatchObject(
      testDescriptor({ acceptanceLevel: 'PartnerSupported' }),
    );
    expect(inspection.descriptor.files).toEqual(['opt/sample/readme.txt']);
    expect(inspection.signers).toMatchObject([
      { subject: 'Partner Root signer', issuer: 'Partner Root', trusted: true },
    ]);
    expect(inspection.sha256).toBe(createHash('sha256').update(signed).digest('hex'));
    expect(files.map(({ path }) => path)).toEqual(['opt/sample/readme.txt']);
    expect(Buffer.from(files[0]?.bytes ?? []).toString()).toBe('hello\n');
  });

  test('is written the same twice', async () => {
    const again = await testVib({
      descriptor: { acceptanceLevel: 'PartnerSupported' },
      keys: [partner.key],
    });
    expect(Buffer.compare(again, signed)).toBe(0);
  });

  test('may carry several signatures, of which one trusted is enough', async () => {
    const bytes = await testVib({
      descriptor: { acceptanceLevel: 'PartnerSupported' },
      keys: [stranger.key, partner.key],
    });
    const { signers } = await inspect(bytes);
    expect(signers.map(({ trusted }) => trusted)).toEqual([false, true]);
  });

  test('is refused when its descriptor was edited', async () => {
    const bytes = withMember(signed, 'descriptor.xml', (xml) =>
      Buffer.from(Buffer.from(xml).toString().replace('1.0.0', '1.0.9')),
    );
    await expectFault(inspect(bytes), 'VibSignatureError', /changed after it was signed/);
  });

  test('is refused when a payload was edited', async () => {
    const bytes = withMember(signed, 'payload1', (payload) => {
      const copy = Uint8Array.from(payload);
      copy[30] = (copy[30] ?? 0) ^ 1;
      return copy;
    });
    await expectFault(inspect(bytes), 'VibChecksumError', /sha-256 checksum: [0-9a-f]{64} calcul/);
  });

  test('is refused when a stranger signed', async () => {
    const bytes = await testVib({
      descriptor: { acceptanceLevel: 'PartnerSupported' },
      keys: [stranger.key],
    });
    await expectFault(inspect(bytes), 'VibSignatureError', /Could not find a trusted signer/);
  });

  test('is refused when the certificate expired', async () => {
    const bytes = await testVib({
      descriptor: { acceptanceLevel: 'PartnerSupported' },
      keys: [expired.key],
    });
    await expectFault(inspect(bytes), 'VibSignatureError', /Old Root signer expired on/);
  });

  test('is refused when the root does not vouch for the level', async () => {
    const bytes = await testVib({
      descriptor: { acceptanceLevel: 'VMwareCertified' },
      keys: [partner.key],
    });
    await expectFault(inspect(bytes), 'VibSignatureError', /may not vouch for the level/);
  });

  test('is refused when the signature was taken off', async () => {
    const bytes = withMember(signed, 'sig.pkcs7', () => new Uint8Array());
    await expectFault(inspect(bytes), 'VibSignatureError', /is not signed/);
  });

  test('is refused when the signature is of another VIB', async () => {
    const other = new TextEncoder().encode('<vib/>');
    const block = await signDescriptor(other, partner.key);
    const bytes = withMember(signed, 'sig.pkcs7', () => new TextEncoder().encode(block));
    await expectFault(inspect(bytes), 'VibSignatureError', /changed after it was signed/);
  });

  test('is refused when it is cut at any byte', async () => {
    for (let length = 0; length < signed.length; length++) {
      await expect(inspect(signed.subarray(0, length))).rejects.toBeInstanceOf(Fault);
    }
  }, 120_000);

  test('is refused, never misread, when any byte changes', async () => {
    const whole = await inspect(signed);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(signed.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (position, flip) => {
          const copy = Uint8Array.from(signed);
          copy[position] = (copy[position] ?? 0) ^ flip;
          const found = await inspect(copy).catch((error: unknown) => error);
          // A change outside what is signed, such as the time in an ar header, may pass.
          if (found instanceof Error) expect(found).toBeInstanceOf(Fault);
          else expect(found).toMatchObject({ descriptor: whole.descriptor });
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);
});

describe('a community VIB', () => {
  test('needs no signature', async () => {
    const { signers, descriptor } = await inspect(await testVib());
    expect(signers).toEqual([]);
    expect(descriptor.acceptanceLevel).toBe('CommunitySupported');
  });

  test('may be signed by a stranger, who is named as not trusted', async () => {
    const { signers } = await inspect(await testVib({ keys: [stranger.key] }));
    expect(signers).toMatchObject([{ subject: 'Stranger Root signer', trusted: false }]);
  });

  test.each([
    ['an extra member', (vib: Uint8Array) => [...readAr(vib), { name: 'x', bytes: vib }]],
    ['no payload', (vib: Uint8Array) => readAr(vib).slice(0, 2)],
    ['no signature member', (vib: Uint8Array) => readAr(vib).filter((_, i) => i !== 1)],
    ['members in another order', (vib: Uint8Array) => readAr(vib).reverse()],
  ])('with %s is refused', async (_, change) => {
    const bytes = writeAr(change(await testVib()));
    await expectFault(inspect(bytes), 'VibFormatError', /not a valid VIB/);
  });

  test('whose payload is a bomb is refused before it is unpacked', async () => {
    const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024), { level: 9 });
    await expectFault(inspect(handMade(bomb)), 'VibFormatError', /unpacks to more than/);
  });

  test('without a sha-256 checksum is refused', async () => {
    const tar = writeTar([textFile('a', 'b')]);
    const bytes = handMade(gzipSync(tar), [
      { type: 'sha-1', verifyProcess: 'gunzip', value: sha('sha1', tar) },
    ]);
    await expectFault(inspect(bytes), 'VibChecksumError', /no sha-256/);
  });

  test('whose payload is not gzip is refused', async () => {
    await expectFault(inspect(handMade(Buffer.from('no'))), 'VibFormatError', /gzip stream/);
  });
});

describe('a VIB that other tools made', () => {
  const tools = ['/usr/bin/ar', '/bin/tar', '/bin/gzip'].every((tool) => existsSync(tool));
  if (!tools && process.env.CI) throw new Error('ar, tar and gzip are needed in CI');

  test.skipIf(!tools)('is read: ar, tar and gzip of the system', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-vib-'));
    const run = (file: string, args: string[]) => execFileSync(file, args, { cwd: directory });
    mkdirSync(join(directory, 'opt/ghetto/bin'), { recursive: true });
    const longName = `opt/ghetto/bin/${'long-'.repeat(30)}.sh`;
    writeFileSync(join(directory, 'opt/ghetto/bin/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(directory, longName), 'x');
    run('tar', ['-cf', 'payload.tar', './opt']);
    const tarBytes = readFileSync(join(directory, 'payload.tar'));
    run('gzip', ['-9', 'payload.tar']);
    run('mv', ['payload.tar.gz', 'payload1']);
    const payload = readFileSync(join(directory, 'payload1'));
    writeFileSync(join(directory, 'descriptor.xml'), foreignXml(payload, tarBytes, longName));
    writeFileSync(join(directory, 'sig.pkcs7'), '');
    run('ar', ['rcS', 'foreign.vib', 'descriptor.xml', 'sig.pkcs7', 'payload1']);
    const bytes = readFileSync(join(directory, 'foreign.vib'));
    rmSync(directory, { recursive: true });
    const { inspection, files } = await openVib({ bytes, roots: [], nowMs: TEST_NOW_MS });
    expect(inspection.id).toBe('virtuallyMe_bootbank_ghetto_1.0.0-0.0.0');
    expect(files.map(({ path }) => path).sort()).toEqual([longName, 'opt/ghetto/bin/run.sh']);
    expect(files.find(({ path }) => path.endsWith('run.sh'))?.mode).toBe(0o755);
  });

  test.skipIf(!tools)('and they read ours: ar lists it, openssl verifies the signature', () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-vib-'));
    writeFileSync(join(directory, 'ours.vib'), signed);
    writeFileSync(join(directory, 'root.pem'), partner.root.pem);
    const options = { cwd: directory, encoding: 'utf8', stdio: 'pipe' } as const;
    const listed = execFileSync('ar', ['t', 'ours.vib'], options);
    expect(listed).toBe('descriptor.xml\nsig.pkcs7\npayload1\n');
    execFileSync('ar', ['x', 'ours.vib'], options);
    execFileSync('tar', ['-tzf', 'payload1'], options);
    const verify = 'cms -verify -binary -inform PEM -in sig.pkcs7 -content descriptor.xml'.split(
      ' ',
    );
    const trust = ['-CAfile', 'root.pem', '-purpose', 'any', '-out', 'out.xml'];
    execFileSync('openssl', [...verify, ...trust], options);
    expect(readFileSync(join(directory, 'out.xml'))).toEqual(
      readFileSync(join(directory, 'descriptor.xml')),
    );
    rmSync(directory, { recursive: true });
  });
});

function sha(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

/** An unsigned VIB around exactly this payload. */
function handMade(
  payload: Uint8Array,
  checksums: VibDescriptor['payloads'][number]['checksums'] = [
    { type: 'sha-256', verifyProcess: '', value: sha('sha256', payload) },
  ],
): Uint8Array {
  const xml = writeDescriptor({
    ...testDescriptor(),
    files: [],
    payloads: [{ name: 'p', type: 'tgz', sizeBytes: payload.length, checksums }],
  });
  return writeAr([
    { name: 'descriptor.xml', bytes: new TextEncoder().encode(xml) },
    { name: 'sig.pkcs7', bytes: new Uint8Array() },
    { name: 'p', bytes: payload },
  ]);
}

/** One line, as older community tools write it, with the older set of checksums. */
function foreignXml(payload: Uint8Array, tar: Uint8Array, longName: string): string {
  return [
    '<vib version="5.0"><type>bootbank</type><name>ghetto</name><version>1.0.0-0.0.0</version>',
    '<vendor>virtuallyMe</vendor><summary>Backup &amp; restore &#x2014; free</summary>',
    '<description/><release-date>2020-12-29T03:03:07+00:00</release-date>',
    '<urls><url key="ghetto">https://example.org/</url></urls><relationships><depends/>',
    '<conflicts/><replaces/><provides/><compatibleWith/></relationships><software-tags/>',
    '<system-requires><maintenance-mode>false</maintenance-mode></system-requires><file-list>',
    `<file>opt/ghetto/bin/run.sh</file><file>${longName}</file></file-list>`,
    '<acceptance-level>community</acceptance-level>',
    '<live-install-allowed>true</live-install-allowed>',
    '<live-remove-allowed>true</live-remove-allowed><cimom-restart>false</cimom-restart>',
    '<stateless-ready>true</stateless-ready><overlay>false</overlay><payloads>',
    `<payload name="payload1" type="tgz" size="${payload.length}">`,
    `<checksum checksum-type="sha-256">${sha('sha256', payload)}</checksum>`,
    `<checksum checksum-type="sha-1" verify-process="gunzip">${sha('sha1', tar)}</checksum>`,
    '</payload></payloads></vib>',
  ].join('');
}
