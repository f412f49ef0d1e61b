// Tests of new-filter, as a stranger would go: an empty folder, a project, its own test, a VIB.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { inspectVib } from '#lib/formats/vib/open-vib.ts';
import { trustedRootsSchema } from '#lib/formats/vib/trusted-roots.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const directory = mkdtempSync(path.join(tmpdir(), 'sluice-new-filter-'));
const project = path.join(directory, 'my-filter');
const pki = path.join(directory, 'pki');
const scripts = path.resolve(import.meta.dirname, '..');

function run(script: string, args: string[]): string {
  const env = { ...process.env, INIT_CWD: directory };
  const file = path.join(scripts, script, 'main.ts');
  return execFileSync(process.execPath, [file, ...args], { env, encoding: 'utf8', stdio: 'pipe' });
}

beforeAll(() => void run('new-filter', ['my-filter', '--vendor', 'ACME']));
afterAll(() => rmSync(directory, { recursive: true }));

test('the project passes its own test, with nothing but Node', () => {
  const options = { cwd: project, encoding: 'utf8', stdio: 'pipe' } as const;
  const said = execFileSync(process.execPath, ['--test'], options);
  expect(said).toMatch(/pass 4/);
  expect(said).toMatch(/fail 0/);
});

test('it type-checks by itself', () => {
  const tsc = path.resolve(scripts, '../node_modules/.bin/tsc');
  expect(execFileSync(tsc, ['-p', project], { cwd: project, encoding: 'utf8' })).toBe('');
});

test.each([
  ['CommunitySupported', undefined],
  ['PartnerSupported', 'Sluice Lab Partner Signing'],
] as const)('it builds into a VIB of the level %s', async (level, signer) => {
  const out = path.join(directory, level);
  run('build-vibs', ['my-filter', '--pki', pki, '--out', out, '--level', level]);
  expect(readdirSync(out)).toEqual(['ACME_bootbank_my-filter_0.1.0.vib']);
  const pem = (kind: string) => readFileSync(path.join(pki, `${kind}-root.pem`), 'utf8');
  const levels = ['PartnerSupported'] as const;
  const roots = trustedRootsSchema.parse([
    { name: 'partner', pem: pem('partner'), platformVendor: false, levels: [...levels] },
  ]);
  const bytes = readFileSync(path.join(out, 'ACME_bootbank_my-filter_0.1.0.vib'));
  const { filter, signers } = await inspectVib({ bytes, roots, nowMs: Date.now() });
  expect(filter?.class).toBe('inspection');
  expect(signers[0]?.subject).toBe(signer);
});

test.each<[string, string[], RegExp]>([
  ['a folder that is not empty', ['my-filter'], /is not empty/],
  ['a name that is none', ['My Filter'], /is no name of a filter/],
  ['a class that is none', ['other', '--class', 'magic'], /There is no class magic/],
  ['no name', [], /usage/],
])('%s is refused', (_, args, message) => {
  expect(() => run('new-filter', args)).toThrow(message);
});

test('a filter of a class that is the platform vendor’s is not built for a partner', () => {
  run('new-filter', ['vault', '--class', 'encryption']);
  expect(() => run('build-vibs', ['vault', '--pki', pki])).toThrow(/vendor of the platform alone/);
});
