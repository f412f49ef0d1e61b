// Walks the guide as it is written: its commands, taken from its own code blocks, from an empty
// folder to a VIB; then that VIB on a host, its filter on a disk, and its numbers after some I/O.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eventually, TestLab, testVm } from '#host/agent/test-agents.ts';
import { TestClient } from '#host/nbd/test-client.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { openVib } from '#lib/formats/vib/open-vib.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { openAuthority } from '#scripts/build-vibs/authority.ts';
import { signVib } from '#scripts/certify/sign-vib.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const root = path.resolve(import.meta.dirname, '../..');
const lab = new TestLab();
const home = path.join(lab.folder, 'home');
const pki = path.join(lab.folder, 'pki');
const dist = path.join(home, 'filters/my-filter/dist');

beforeAll(() => lab.openDepot());
afterAll(() => lab.close());

/** The commands of the guide, in order. */
function commandsOfGuide(): string {
  const guide = readFileSync(path.join(root, 'docs/filter-sdk/guide.md'), 'utf8');
  return [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block).join('');
}

/**
 * As a stranger types them, but for two things: `npm --prefix` goes to the scripts at once, without
 * a look at the installed packages, and the certification is a short one, which signs nothing.
 */
function run(commands: string): string {
  const bin = path.join(home, 'bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(root, path.join(home, 'sluice'));
  const npm = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
  const shim = `#!/bin/sh
if [ "$1" != --prefix ]; then exec '${npm}' "$@"; fi
root=$2; name=$5; shift 6
case $name in
  new-filter) set -- "$@" ;;
  build:vibs) name=build-vibs; set -- "$@" --pki '${pki}' ;;
  certify) set -- "$@" --pki '${pki}' --quick --only package,model ;;
esac
INIT_CWD=$PWD exec '${process.execPath}' "$root/scripts/$name/main.ts" "$@"
`;
  writeFileSync(path.join(bin, 'npm'), shim, { mode: 0o755 });
  const { npm_config_prefix: _prefix, ...inherited } = process.env;
  const paths = [bin, path.dirname(process.execPath), process.env.PATH];
  const env = { ...inherited, HOME: home, PATH: paths.join(path.delimiter) };
  const options = { cwd: home, env, encoding: 'utf8', stdio: 'pipe' } as const;
  return execFileSync('sh', ['-e', '-c', commands], options);
}

test('its commands end in a VIB that passes', () => {
  mkdirSync(home);
  const commands = commandsOfGuide();
  for (const step of ['new-filter', 'npm test', 'npm run build', 'npm run certify']) {
    expect(commands).toContain(step);
  }
  const said = run(commands);
  expect(said).toMatch(/pass 4\b/);
  expect(said).toContain('All 2 checks passed.');
  expect(readdirSync(dist)).toEqual(['ACME_bootbank_my-filter_0.1.0.vib']);
});

test('the VIB, signed, installs on a host, and its filter works on a disk', async () => {
  const now = new Date();
  const authority = await openAuthority(pki, now);
  const unsigned = readFileSync(path.join(dist, 'ACME_bootbank_my-filter_0.1.0.vib'));
  const vib = await openVib({ bytes: unsigned, roots: authority.roots, nowMs: now.getTime() });
  const bytes = await signVib(vib, 'PartnerSupported', authority);
  const host = await lab.addHost(1);
  const served = lab.served('my-filter.vib', bytes);
  const vibId = 'ACME_bootbank_my-filter_0.1.0';
  expect(await host.keyed(calls.installVib, { ...served, vibId })).toMatchObject({ vibId });
  const vm = testVm(1);
  await host.keyed(calls.createVm, { vm, contents: [] });
  const { nbdSocketPath } = await host.keyed(calls.powerOnVm, { vm });
  const filter = { name: 'my-filter', class: 'inspection' as const, properties: { largeKib: 8 } };
  await host.keyed(calls.setDiskFilters, { vm, diskKey: 2000, filters: [filter] });
  const client = await TestClient.connect({ path: nbdSocketPath });
  const data = Buffer.alloc(16_384, 7);
  await client.request({ command: COMMANDS.write, offset: 0, data });
  const read = await client.request({ command: COMMANDS.read, offset: 0, length: 512 });
  expect(read.data.equals(data.subarray(0, 512))).toBe(true);
  client.close();
  const numbers = await eventually(async () => {
    const { samples } = await host.call(calls.sampleVms, {});
    return samples[0]?.sample.disks[0]?.filters[0]?.statistics;
  });
  expect(numbers).toMatchObject({ reads: 1, writes: 1, large: 1, errors: 0 });
});
