// Tests of the command line: what is understood, and what is said of what is not.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFilterFiles } from '#lib/formats/vib/filter-fixtures.ts';
import { testVib } from '#lib/formats/vib/vib-fixtures.ts';
import { readArguments, USAGE } from './options.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'sluice-certify-options-'));
const main = path.join(import.meta.dirname, 'main.ts');

afterAll(() => rmSync(directory, { recursive: true }));

/** What it says, and how it ends, before any work. */
function run(...args: string[]): { said: string; status: number } {
  const env = { ...process.env, INIT_CWD: directory };
  const pki = ['--pki', path.join(directory, 'pki')];
  try {
    const options = { env, encoding: 'utf8', stdio: 'pipe' } as const;
    return { said: execFileSync(process.execPath, [main, ...args, ...pki], options), status: 0 };
  } catch (thrown) {
    const { stdout = '', status = -1 } = Object(thrown);
    return { said: String(stdout), status: Number(status) };
  }
}

test('all options are understood', () => {
  const args = ['a.vib', '--level', 'VMwareAccepted', '--seed', '7', '--only', 'model,flush'];
  const properties = ['--property', 'peer=127.0.0.78:7000', '--property', 'size=64'];
  expect(readArguments([...args, ...properties, '--property', 'on=true', '--quick'])).toEqual({
    ...{ file: 'a.vib', level: 'VMwareAccepted', seed: 7, only: ['model', 'flush'] },
    ...{ quick: true, out: null, json: null, pki: null },
    properties: { peer: '127.0.0.78:7000', size: 64, on: true },
  });
});

test.each<[string, string[], RegExp]>([
  ['no VIB', [], /Which VIB/],
  ['two VIBs', ['a.vib', 'b.vib'], /there is b\.vib after a\.vib/],
  ['an option that is none', ['a.vib', '--fast'], /Unknown option '--fast'.*--help/],
  ['a level that is none', ['a.vib', '--level', 'Gold'], /no acceptance level Gold; there are VM/],
  ['a seed that is none', ['a.vib', '--seed', 'x'], /seed x is no whole number/],
  ['a check that is none', ['a.vib', '--only', 'luck'], /no check luck; there are package, model/],
  ['a property without a value', ['a.vib', '--property', 'x'], /wants NAME=VALUE/],
  [
    'a level above its signer',
    ['a.vib', '--signer', 'partner', '--level', 'VMwareCertified'],
    /VMwareCertified is signed by the vendor of the platform; a partner signs for PartnerSup/,
  ],
])('%s is refused with what there is', (_, args, message) => {
  expect(() => readArguments(args)).toThrow(message);
});

test('help is help', () => {
  expect(run('--help')).toEqual({ said: `${USAGE}\n`, status: 0 });
}, 60_000);

test('what cannot begin says why, and ends with 2', async () => {
  const missing = run('missing.vib');
  expect(missing.said).toMatch(/There is no file .*missing\.vib\./);
  writeFileSync(path.join(directory, 'text.vib'), 'this is no VIB');
  const text = run('text.vib');
  expect(text.said).toMatch(/^VibFormatError: /);
  const files = makeFilterFiles('vault', 'datastoreIoControl');
  const vault = await testVib({ descriptor: { name: 'vault', vendor: 'ACM' }, files });
  writeFileSync(path.join(directory, 'vault.vib'), vault);
  const partner = run('vault.vib', '--level', 'VMwareCertified');
  expect(partner.said).toMatch(/come from the vendor of the platform alone.*vendor ACM/);
  expect([missing.status, text.status, partner.status]).toEqual([2, 2, 2]);
}, 120_000);
