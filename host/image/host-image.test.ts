// Tests of a host's image: what installs and what is refused, what a crash leaves, and a filter
// found again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '#lib/base/clock.ts';
import { makeFilterFiles } from '#lib/formats/vib/filter-fixtures.ts';
import {
  makeTestAuthority,
  TEST_NOW_MS,
  type TestAuthority,
  testVib,
  textFile,
} from '#lib/formats/vib/vib-fixtures.ts';
import { Fault, type FaultName } from '#lib/model/fault.ts';
import type { HostVersion } from '#lib/model/inventory.ts';
import { type HostImage, openImage } from './host-image.ts';

const clock: Clock = {
  now: () => TEST_NOW_MS,
  monotonic: () => 0,
  after: () => ({ cancel: () => undefined }),
};
let vendor: TestAuthority;
let partner: TestAuthority;
let directory = '';
let image: HostImage;

beforeAll(async () => {
  vendor = await makeTestAuthority('Vendor Root', {
    platformVendor: true,
    levels: ['VMwareCertified', 'VMwareAccepted', 'PartnerSupported', 'CommunitySupported'],
  });
  partner = await makeTestAuthority('Partner Root');
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-image-'));
  image = await reopen();
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function reopen(): Promise<HostImage> {
  return openImage({ directory, trustedRoots: [vendor.root, partner.root], clock });
}

function install(source: Uint8Array | string, version: HostVersion = '8.0.0') {
  return image.installVib({ source, product: { version } });
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const thrown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof Fault) return thrown;
  throw new Error(`no fault but ${thrown}`);
}

const traceVib = (version = '1.0.0') =>
  testVib({
    descriptor: { name: 'trace', version, acceptanceLevel: 'PartnerSupported' },
    files: makeFilterFiles('trace', 'inspection'),
    keys: [partner.key],
  });

describe('installing', () => {
  test('a filter puts it where it is found, also after a restart', async () => {
    const steps: string[] = [];
    const { vib, alreadyInstalled } = await image.installVib({
      source: await traceVib(),
      product: { version: '6.0.1' },
      onStep: (step) => steps.push(step),
    });
    expect(alreadyInstalled).toBe(false);
    expect(steps).toEqual(['verifying', 'unpacking']);
    image = await reopen();
    expect(image.list()).toEqual([vib]);
    const found = image.findFilter('trace');
    expect(found?.manifest.class).toBe('inspection');
    expect(await readFile(found?.entryPath ?? '', 'utf8')).toContain('export default');
    expect(image.findFilter('other')).toBeNull();
  });

  test('the same VIB again changes nothing', async () => {
    const bytes = await traceVib();
    await install(bytes);
    expect(await install(bytes)).toMatchObject({ alreadyInstalled: true });
  });

  test('from a file works too, and says when it is missing', async () => {
    const path = join(directory, 'a.vib');
    expect((await faultOf(install(path))).fault).toBe('FileNotFound');
    await writeFile(path, await traceVib());
    expect((await install(path)).vib.id).toBe('TST_bootbank_trace_1.0.0');
  });

  test('a community VIB needs the level CommunitySupported', async () => {
    const bytes = await testVib();
    expect((await faultOf(install(bytes))).message).toMatch(/CommunitySupported, which is below/);
    await image.setAcceptanceLevel('CommunitySupported');
    image = await reopen();
    expect(image.acceptanceLevel).toBe('CommunitySupported');
    await install(bytes);
    const raised = await faultOf(image.setAcceptanceLevel('VMwareAccepted'));
    expect(raised.fault).toBe('AcceptanceConfigError');
    expect(raised.message).toMatch(/TST_bootbank_sample_1.0.0 would be below it/);
  });

  test.each<[string, FaultName, () => Promise<Uint8Array>, HostVersion]>([
    ['a filter on 6.0', 'PlatformConfigFault', () => traceVib(), '6.0.0'],
    [
      'a filter of a class that only the vendor may ship, by a partner',
      'ExtensibilityError',
      () =>
        testVib({
          descriptor: { name: 'limit', acceptanceLevel: 'PartnerSupported' },
          files: makeFilterFiles('limit', 'datastoreIoControl'),
          keys: [partner.key],
        }),
      '8.0.0',
    ],
    [
      'a filter that brings files elsewhere',
      'ExtensibilityError',
      () =>
        testVib({
          descriptor: { name: 'trace', acceptanceLevel: 'PartnerSupported' },
          files: [...makeFilterFiles('trace', 'inspection'), textFile('etc/rc.local', 'x')],
          keys: [partner.key],
        }),
      '8.0.0',
    ],
    [
      'a VIB whose dependency is missing',
      'PlatformConfigFault',
      () =>
        testVib({
          descriptor: {
            acceptanceLevel: 'PartnerSupported',
            depends: [{ name: 'base-thing', relation: '>=', version: '2' }],
          },
          keys: [partner.key],
        }),
      '8.0.0',
    ],
    [
      'a VIB for another version of the platform',
      'PlatformConfigFault',
      () =>
        testVib({
          descriptor: {
            acceptanceLevel: 'PartnerSupported',
            softwarePlatforms: [{ productLineId: 'embeddedEsx', version: '7.*' }],
          },
          keys: [partner.key],
        }),
      '8.0.0',
    ],
    [
      'an unsigned VIB that claims a level',
      'VibSignatureError',
      () => testVib({ descriptor: { acceptanceLevel: 'PartnerSupported' } }),
      '8.0.0',
    ],
    ['bytes that are no VIB', 'VibFormatError', async () => new Uint8Array(100), '8.0.0'],
  ])('refuses %s', async (_, fault, make, version) => {
    expect((await faultOf(install(await make(), version))).fault).toBe(fault);
    expect(image.list()).toEqual([]);
    expect(await readdir(join(directory, 'staging'))).toEqual([]);
  });

  test('takes a vendor-only class from the vendor', async () => {
    const bytes = await testVib({
      descriptor: { name: 'limit', acceptanceLevel: 'VMwareCertified' },
      files: makeFilterFiles('limit', 'datastoreIoControl'),
      keys: [vendor.key],
    });
    expect((await install(bytes)).vib.filter?.class).toBe('datastoreIoControl');
  });

  test('refuses another version of what is installed', async () => {
    await install(await traceVib());
    expect((await faultOf(install(await traceVib('1.0.1')))).fault).toBe('AlreadyExists');
  });

  test('keeps community files out of the system, and tells every reason', async () => {
    const bytes = await testVib({ files: [textFile('bin/ls', 'x')] });
    const { reasons } = await faultOf(install(bytes));
    expect(reasons.map(({ fault }) => fault)).toEqual([
      'AcceptanceConfigError',
      'ExtensibilityError',
    ]);
  });
});

describe('upgrading', () => {
  const upgrade = (source: Uint8Array) =>
    image.installVib({ source, product: { version: '8.0.0' }, upgrade: true });
  const ids = () => image.list().map(({ id }) => id);

  test('puts the new version in the place of the old one', async () => {
    const bytes = await traceVib('1.0.1');
    await install(await traceVib());
    expect(await upgrade(bytes)).toMatchObject({ alreadyInstalled: false });
    expect(ids()).toEqual(['TST_bootbank_trace_1.0.1']);
    expect(await readdir(join(directory, 'vibs'))).toEqual(['TST_bootbank_trace_1.0.1']);
    expect(image.findFilter('trace')?.vib.descriptor.version).toBe('1.0.1');
    expect(await upgrade(bytes)).toMatchObject({ alreadyInstalled: true });
  });

  test('installs where there is no version yet, and refuses a lower one', async () => {
    await upgrade(await traceVib('1.10.0'));
    const { fault, message } = await faultOf(upgrade(await traceVib('1.9.0')));
    expect([fault, message]).toEqual(['InvalidArgument', expect.stringContaining('no upgrade of')]);
    expect(ids()).toEqual(['TST_bootbank_trace_1.10.0']);
  });

  test('is refused when another VIB is not content with the new version', async () => {
    await install(await traceVib());
    await install(
      await testVib({
        descriptor: {
          acceptanceLevel: 'PartnerSupported',
          depends: [{ name: 'trace', relation: '<', version: '1.5' }],
        },
        keys: [partner.key],
      }),
    );
    expect((await faultOf(upgrade(await traceVib('2.0.0')))).fault).toBe('ResourceInUse');
    await upgrade(await traceVib('1.4.0'));
    expect(ids()).toContain('TST_bootbank_trace_1.4.0');
  });

  test('broken off between the two renames ends when the image is opened', async () => {
    const old = join(directory, 'vibs', 'TST_bootbank_trace_1.0.0');
    await install(await traceVib());
    await cp(old, join(directory, 'kept'), { recursive: true });
    await upgrade(await traceVib('1.0.1'));
    await cp(join(directory, 'kept'), old, { recursive: true });
    image = await reopen();
    expect(ids()).toEqual(['TST_bootbank_trace_1.0.1']);
    expect(await readdir(join(directory, 'vibs'))).toEqual(['TST_bootbank_trace_1.0.1']);
  });
});

describe('removing', () => {
  test('takes the files away', async () => {
    const { vib } = await install(await traceVib());
    await image.removeVib(vib.id);
    expect((await reopen()).list()).toEqual([]);
    expect(await readdir(join(directory, 'vibs'))).toEqual([]);
    expect((await faultOf(image.removeVib(vib.id))).fault).toBe('NotFound');
  });

  test('is refused while another VIB depends on it', async () => {
    const { vib } = await install(await traceVib());
    await install(
      await testVib({
        descriptor: {
          acceptanceLevel: 'PartnerSupported',
          depends: [{ name: 'trace', relation: '>=', version: '1.0' }],
        },
        keys: [partner.key],
      }),
    );
    expect((await faultOf(image.removeVib(vib.id))).fault).toBe('ResourceInUse');
  });
});

test('a filter whose module was changed on disk is not found but refused', async () => {
  await install(await traceVib());
  const path = image.findFilter('trace')?.entryPath ?? '';
  await writeFile(path, 'export default null; // changed');
  expect(() => image.findFilter('trace')).toThrow(/was changed after/);
});

test('kill -9 while installing and removing leaves the VIB there or not', async () => {
  const vibFile = join(directory, 'trace.vib');
  const rootsFile = join(directory, 'roots.json');
  await writeFile(vibFile, await traceVib());
  await writeFile(rootsFile, JSON.stringify([partner.root]));
  const main = join(import.meta.dirname, 'install-loop-main.ts');
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, [main, directory, vibFile, rootsFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, 3 + round * 7));
    child.kill('SIGKILL');
    await once(child, 'exit');
    image = await reopen();
    expect(await readdir(join(directory, 'staging'))).toEqual([]);
    for (const vib of image.list()) {
      const root = join(directory, 'vibs', vib.id, 'files');
      for (const path of vib.descriptor.files)
        expect((await stat(join(root, path))).size).toBeGreaterThan(0);
      expect(image.findFilter('trace')?.vib.id).toBe(vib.id);
    }
  }
}, 60_000);
