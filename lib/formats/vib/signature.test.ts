// Tests of trust: signatures that openssl made, over chains with an intermediate, of RSA and of EC
// keys, and certificates that may not do what they are used for.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fault } from '../../model/fault.ts';
import { verifySignatures } from './signature.ts';
import type { TrustedRoot } from './trusted-roots.ts';

const openssl = hasOpenssl();
if (!openssl && process.env.CI) throw new Error('openssl is needed in CI');

const descriptor = new TextEncoder().encode('<vib version="5.0"><name>x</name></vib>');
/** Certificates are made after this line is read. */
const NOW = Date.now() + 60_000;
let directory = '';
let roots: TrustedRoot[] = [];

function run(args: string): void {
  execFileSync('openssl', args.split(' '), { cwd: directory, stdio: 'pipe' });
}

interface CertificatePlan {
  name: string;
  issuer: string;
  /** Lines of an openssl extension section. */
  extensions: string[];
  key?: 'rsa' | 'ec';
}

function makeCertificate({ name, issuer, extensions, key = 'rsa' }: CertificatePlan): void {
  writeFileSync(join(directory, `${name}.ext`), `[e]\n${extensions.join('\n')}\n`);
  const kind =
    key === 'rsa' ? 'RSA -pkeyopt rsa_keygen_bits:2048' : 'EC -pkeyopt ec_paramgen_curve:P-256';
  run(`genpkey -algorithm ${kind} -out ${name}.key`);
  run(`req -new -key ${name}.key -subj /CN=${name} -out ${name}.csr`);
  const signing =
    issuer === name ? `-signkey ${name}.key` : `-CA ${issuer}.pem -CAkey ${issuer}.key`;
  run(
    `x509 -req -in ${name}.csr ${signing} -set_serial ${name.length + 1000} -days 30 ` +
      `-extfile ${name}.ext -extensions e -out ${name}.pem`,
  );
}

/** sig.pkcs7 as openssl makes it. */
function signBy(name: string, options = ''): Uint8Array {
  writeFileSync(join(directory, 'descriptor.xml'), descriptor);
  run(
    `smime -sign -binary -md sha256 -in descriptor.xml -signer ${name}.pem ` +
      `-inkey ${name}.key -outform PEM -out sig.pkcs7 ${options}`.trim(),
  );
  return readFileSync(join(directory, 'sig.pkcs7'));
}

function verify(signature: Uint8Array, content = descriptor, nowMs = NOW) {
  return verifySignatures({ descriptor: content, signature, roots, nowMs });
}

const CA = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
const LAST_CA = ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=keyCertSign'];
const SIGNER = ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=codeSigning'];

describe.skipIf(!openssl)('signatures that openssl made', () => {
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-cms-'));
    const plans: CertificatePlan[] = [
      { name: 'root', issuer: 'root', extensions: CA },
      {
        name: 'middle',
        issuer: 'root',
        extensions: LAST_CA,
      },
      { name: 'second', issuer: 'middle', extensions: CA },
      { name: 'direct', issuer: 'root', extensions: SIGNER },
      { name: 'below', issuer: 'middle', extensions: SIGNER, key: 'ec' },
      { name: 'toodeep', issuer: 'second', extensions: SIGNER },
      { name: 'server', issuer: 'root', extensions: ['extendedKeyUsage=serverAuth'] },
      { name: 'encipher', issuer: 'root', extensions: ['keyUsage=critical,keyEncipherment'] },
      { name: 'child', issuer: 'direct', extensions: SIGNER },
      { name: 'odd', issuer: 'root', extensions: [...SIGNER, '1.2.3.4=critical,ASN1:NULL'] },
      { name: 'other', issuer: 'other', extensions: SIGNER },
    ];
    for (const plan of plans) makeCertificate(plan);
    const pem = readFileSync(join(directory, 'root.pem'), 'utf8');
    roots = [{ name: 'Root', pem, platformVendor: true, levels: ['PartnerSupported'] }];
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  test('are trusted under the root, directly and by an intermediate, by RSA and EC', () => {
    expect(verify(signBy('direct'))).toMatchObject([
      { signer: { subject: 'direct', trusted: true, platformVendor: true }, problem: '' },
    ]);
    expect(verify(signBy('below', '-certfile middle.pem'))).toMatchObject([
      { signer: { subject: 'below', issuer: 'middle', trusted: true } },
    ]);
  });

  test('without signed attributes are taken too', () => {
    expect(verify(signBy('direct', '-noattr'))).toMatchObject([{ signer: { trusted: true } }]);
  });

  test('of several blocks give all signers', () => {
    const both = Buffer.concat([signBy('direct'), signBy('other')]);
    expect(verify(both).map(({ signer }) => signer.trusted)).toEqual([true, false]);
  });

  test.each([
    ['below', '', /no trusted root certificate stands behind below/],
    ['other', '', /no trusted root/],
    ['toodeep', '-certfile second.pem', /no trusted root/],
    ['server', '', /is not for signing code/],
    ['encipher', '', /is not for signing code/],
    ['child', '-certfile direct.pem', /no trusted root/],
    ['odd', '', /critical extension that is not known/],
  ])('by %s are not trusted, with the reason', (name, options, problem) => {
    const [found] = verify(signBy(name, options));
    expect(found?.signer.trusted).toBe(false);
    expect(found?.problem).toMatch(problem);
  });

  test('below an authority that may have none below it are not trusted', () => {
    const chain = ['second.pem', 'middle.pem'].map((file) => readFileSync(join(directory, file)));
    writeFileSync(join(directory, 'chain.pem'), Buffer.concat(chain));
    const [found] = verify(signBy('toodeep', '-certfile chain.pem'));
    expect(found?.problem).toMatch(/middle may not issue the certificate below it/);
  });

  test('are not trusted before and after the time of their certificates', () => {
    const signature = signBy('direct');
    const day = 86_400_000;
    expect(verify(signature, descriptor, NOW - day)[0]?.problem).toMatch(/not valid before/);
    expect(verify(signature, descriptor, NOW + 31 * day)[0]?.problem).toMatch(/expired on/);
  });

  test('are refused for other bytes', () => {
    const other = new TextEncoder().encode('<vib/>');
    expect(() => verify(signBy('direct'), other)).toThrow(/changed after it was signed/);
    expect(() => verify(signBy('direct', '-noattr'), other)).toThrow(
      /signature of direct is wrong/,
    );
  });

  test.each([
    ['the content inside', '-nodetach', /not detached/],
    ['no certificate', '-nocerts', /certificate of a signer is missing/],
    ['an old digest', '-md sha1', /algorithm that is not accepted/],
  ])('with %s are refused', (_, options, message) => {
    expect(() => verify(signBy('direct', options))).toThrow(message);
  });

  test('are refused with text around them, and as another kind of PEM', () => {
    const text = Buffer.from(signBy('direct')).toString();
    expect(() => verify(Buffer.from(`hello\n${text}`))).toThrow(/not a sequence of PKCS7 blocks/);
    expect(() => verify(Buffer.from(text.replaceAll('PKCS7', 'CMS')))).toThrow(/not a sequence/);
  });

  test('damaged anywhere give a fault, or the same signer', () => {
    const whole = Buffer.from(signBy('below', '-certfile middle.pem'));
    const [right] = verify(whole);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 32, max: 126 }), (at, value) => {
        const copy = Buffer.from(whole);
        copy[at] = value;
        try {
          const [found] = verify(copy);
          if (found?.signer.trusted) {
            expect(found.signer.fingerprint).toBe(right?.signer.fingerprint);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
      { numRuns: 150 },
    );
  });
});

test('an empty signature has no signers', () => {
  expect(verify(new Uint8Array())).toEqual([]);
});

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    // Not installed.
    return false;
  }
}
