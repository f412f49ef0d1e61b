// Tests of the signature that a certified VIB gets: a host honours it, and refuses what nobody may
// sign.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openImage } from '#host/image/host-image.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { makeFilterFiles } from '#lib/formats/vib/filter-fixtures.ts';
import { type OpenVib, openVib } from '#lib/formats/vib/open-vib.ts';
import { testVib } from '#lib/formats/vib/vib-fixtures.ts';
import type { FilterClass } from '#lib/model/filter-class.ts';
import type { AcceptanceLevel } from '#lib/model/vib.ts';
import { type Authority, openAuthority } from '#scripts/build-vibs/authority.ts';
import { signVib } from './sign-vib.ts';

// Real processes on a busy machine: the limits only end what hangs.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const run = promisify(execFile);
let directory = '';
let authority: Authority;
let images = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sluice-sign-'));
  authority = await openAuthority(path.join(directory, 'pki'), new Date());
});

afterAll(() => rm(directory, { recursive: true }));

async function install(bytes: Uint8Array, level: AcceptanceLevel): Promise<AcceptanceLevel> {
  images += 1;
  const image = await openImage({
    directory: path.join(directory, `image${images}`),
    trustedRoots: authority.roots,
    clock: systemClock,
  });
  await image.setAcceptanceLevel(level);
  const { vib } = await image.installVib({ source: bytes, product: { version: '8.0.0' } });
  return vib.descriptor.acceptanceLevel;
}

function communityVib(name: string, filterClass: FilterClass, vendor = 'ACM'): Promise<Uint8Array> {
  const files = makeFilterFiles(name, filterClass);
  return testVib({ descriptor: { name, vendor }, files });
}

function open(bytes: Uint8Array): Promise<OpenVib> {
  return openVib({ bytes, roots: authority.roots, nowMs: Date.now() });
}

test.each(['PartnerSupported', 'VMwareAccepted', 'VMwareCertified'] as const)(
  'a VIB signed for %s installs on a host of that level, which refused it before',
  async (level) => {
    const bytes = await communityVib('watch', 'inspection');
    await expect(install(bytes, level)).rejects.toMatchObject({ fault: 'AcceptanceConfigError' });
    const vib = await open(bytes);
    const signed = await signVib(vib, level, authority);
    expect(await install(signed, level)).toBe(level);
    const after = await open(signed);
    expect(after.inspection.filter).toEqual(vib.inspection.filter);
    expect(after.inspection.signers[0]?.platformVendor).toBe(level !== 'PartnerSupported');
  },
);

test.each(['encryption', 'datastoreIoControl'] as const)(
  'the class %s is signed for nobody but the vendor of the platform',
  async (filterClass) => {
    const partner = await open(await communityVib('vault', filterClass));
    for (const level of ['PartnerSupported', 'VMwareAccepted', 'VMwareCertified'] as const) {
      await expect(signVib(partner, level, authority)).rejects.toMatchObject({
        fault: 'ExtensibilityError',
        message: expect.stringMatching(/vendor of the platform alone/),
      });
    }
    const own = await open(await communityVib('vault', filterClass, 'SLU'));
    await expect(signVib(own, 'PartnerSupported', authority)).rejects.toMatchObject({
      fault: 'ExtensibilityError',
    });
    const signed = await signVib(own, 'VMwareCertified', authority);
    expect(await install(signed, 'VMwareCertified')).toBe('VMwareCertified');
  },
);

test.each([
  ['encryption', 'PartnerSupported'],
  ['datastoreIoControl', 'PartnerSupported'],
  ['encryption', 'VMwareCertified'],
] as const)('a partner’s filter of the class %s is not even tried for %s', async (kind, level) => {
  const file = path.join(directory, `${kind}.vib`);
  await writeFile(file, await communityVib('vault', kind));
  const main = path.join(import.meta.dirname, 'main.ts');
  const args = [main, file, '--level', level, '--pki', path.join(directory, 'pki')];
  await expect(run(process.execPath, args)).rejects.toMatchObject({
    code: 2,
    stdout: expect.stringMatching(/^ExtensibilityError: .*vendor of the platform alone/),
  });
});

test.each(['encryption', 'datastoreIoControl'] as const)(
  'a host refuses the class %s from a partner, and unsigned',
  async (filterClass) => {
    const files = makeFilterFiles('vault', filterClass);
    const level = 'PartnerSupported' as const;
    const descriptor = { name: 'vault', acceptanceLevel: level };
    const forged = await testVib({ descriptor, files, keys: [authority.signers.partner] });
    await expect(install(forged, level)).rejects.toMatchObject({ fault: 'ExtensibilityError' });
    const unsigned = await communityVib('vault', filterClass, 'SLU');
    await expect(install(unsigned, 'CommunitySupported')).rejects.toMatchObject({
      fault: 'ExtensibilityError',
    });
  },
);

test('a VIB whose bytes were changed after signing is refused', async () => {
  const vib = await open(await communityVib('watch', 'inspection'));
  const signed = await signVib(vib, 'PartnerSupported', authority);
  const last = signed.length - 20;
  signed[last] = (signed[last] ?? 0) ^ 1;
  await expect(install(signed, 'PartnerSupported')).rejects.toMatchObject({
    fault: expect.stringMatching(/^Vib/),
  });
});
