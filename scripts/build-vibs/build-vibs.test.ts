// Tests of build:vibs: the whole script as a process, then what it made, read with the roots it
// exported.
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOfflineBundle } from '#lib/formats/vib/offline-bundle.ts';
import { inspectVib, openVib } from '#lib/formats/vib/open-vib.ts';
import { trustedRootsSchema } from '#lib/formats/vib/trusted-roots.ts';
import { openAuthority } from './authority.ts';
import { buildFilterVib } from './filter-vib.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'sluice-build-vibs-'));
const pki = path.join(directory, 'pki');
const out = path.join(directory, 'out');
const main = path.join(import.meta.dirname, 'main.ts');

function build(target: string): void {
  const args = [main, '--pki', pki, '--out', target, '--also', 'trace@1.0.1'];
  execFileSync(process.execPath, args, { stdio: 'pipe' });
}

beforeAll(() => build(out));
afterAll(() => rmSync(directory, { recursive: true }));

function rootsOf(target: string) {
  const text = readFileSync(path.join(target, 'roots.json'), 'utf8');
  return trustedRootsSchema.parse(JSON.parse(text));
}

describe('build:vibs', () => {
  test('makes VIBs whose filters, levels and signers are as declared', async () => {
    const roots = rootsOf(out);
    const found = [];
    for (const name of readdirSync(out).filter((file) => file.endsWith('.vib'))) {
      const bytes = readFileSync(path.join(out, name));
      const { id, descriptor, filter, signers } = await inspectVib({
        bytes,
        roots,
        nowMs: Date.now(),
      });
      expect(`${id}.vib`).toBe(name);
      found.push([id, descriptor.acceptanceLevel, filter?.class, signers[0]?.platformVendor]);
    }
    expect(found).toEqual([
      ['SLU_bootbank_cache_1.0.0', 'PartnerSupported', 'cache', false],
      ['SLU_bootbank_delay_1.0.0', 'PartnerSupported', 'replication', false],
      ['SLU_bootbank_encryption_1.0.0', 'VMwareCertified', 'encryption', true],
      ['SLU_bootbank_entropy_1.0.0', 'PartnerSupported', 'inspection', false],
      ['SLU_bootbank_error_1.0.0', 'PartnerSupported', 'dataProvider', false],
      ['SLU_bootbank_qos_1.0.0', 'VMwareCertified', 'datastoreIoControl', true],
      ['SLU_bootbank_replication_1.0.0', 'PartnerSupported', 'replication', false],
      ['SLU_bootbank_trace_1.0.0', 'PartnerSupported', 'inspection', false],
      ['SLU_bootbank_trace_1.0.1', 'PartnerSupported', 'inspection', false],
      ['SLU_bootbank_zero-detect_1.0.0', 'PartnerSupported', 'compression', false],
      ['community_bootbank_datastore-report_1.2.0', 'CommunitySupported', undefined, undefined],
    ]);
  });

  test('keeps the authority, and so makes the same bytes again', () => {
    const again = path.join(directory, 'again');
    build(again);
    for (const name of readdirSync(out)) {
      const same = readFileSync(path.join(again, name)).equals(readFileSync(path.join(out, name)));
      expect(`${name} ${same}`).toBe(`${name} true`);
    }
  });

  test('keeps private keys to their owner', () => {
    const keys = readdirSync(pki).filter((name) => name.endsWith('.key'));
    expect(keys).toHaveLength(4);
    for (const name of keys) expect(statSync(path.join(pki, name)).mode & 0o777).toBe(0o600);
  });

  test('makes an offline bundle that reads back', async () => {
    const bytes = readFileSync(path.join(out, 'sluice-filters-offline-bundle.zip'));
    const { vendors, vibs } = await readOfflineBundle(bytes);
    expect(vendors).toEqual([{ name: 'Sluice', code: 'SLU' }]);
    const first = ['cache', 'delay', 'encryption', 'entropy'];
    const names = [...first, 'error', 'qos', 'replication', 'trace', 'zero-detect'];
    expect(vibs.map(({ path: where }) => where)).toEqual(
      names.map((name) => `vib20/${name}/SLU_bootbank_${name}_1.0.0.vib`),
    );
  });

  test('puts a module into the VIB that runs by itself', async () => {
    const bytes = readFileSync(path.join(out, 'SLU_bootbank_qos_1.0.0.vib'));
    const { files } = await openVib({ bytes, roots: rootsOf(out), nowMs: Date.now() });
    const module = files.find((file) => file.path.endsWith('/filter.js'));
    const base64 = Buffer.from(module?.bytes ?? []).toString('base64');
    const url = `data:text/javascript;base64,${base64}`;
    const { default: definition } = await import(/* @vite-ignore */ url);
    expect(definition).toMatchObject({ name: 'qos', class: 'datastoreIoControl', apiVersion: 1 });
    expect(typeof definition.open).toBe('function');
  });

  test.each(['node:fs', 'fs', 'zod'])('refuses a filter that imports %s', async (name) => {
    const filter = path.join(directory, 'bad');
    mkdirSync(filter, { recursive: true });
    writeFileSync(
      path.join(filter, 'index.ts'),
      `import * as x from '${name}';\nexport default x;`,
    );
    writeFileSync(
      path.join(filter, 'vib.json'),
      JSON.stringify({
        version: '1.0.0',
        vendor: 'SLU',
        acceptanceLevel: 'PartnerSupported',
        description: '',
        releaseDate: '2026-01-01T00:00:00+00:00',
      }),
    );
    const authority = await openAuthority(pki, new Date());
    await expect(buildFilterVib({ directory: filter, authority })).rejects.toThrow(
      `A filter may not import ${name}`,
    );
  });
});
