// Tests of raw device mappings: the mapping file, what a host allows, and I/O on a file and on an
// NBD server.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import { MIB } from '#lib/model/limits.ts';
import { readBytes, writeBytes } from '../nbd-client/backing-io.ts';
import { requireAllowed } from './device-policy.ts';
import { formatMapping, parseMapping } from './mapping-file.ts';
import { mapRawDevice, openRawDevice, type RawDeviceParts } from './raw-device.ts';

let folder = '';
let devices = '';
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-rdm-'));
  devices = join(folder, 'devices');
  await mkdir(devices);
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function parts(): RawDeviceParts {
  return { policy: { allow: [devices] }, clock: systemClock, onState: () => undefined };
}

async function makeDevice(name: string): Promise<string> {
  const path = join(devices, name);
  await writeFile(path, '');
  await truncate(path, 4 * MIB);
  return path;
}

test('a mapping reads back as it was written', () => {
  const target = fc.string({ minLength: 1 }).filter((text) => !/["\p{Cc}]/u.test(text));
  fc.assert(
    fc.property(target, fc.integer({ min: 1 }), (text, sectors) => {
      expect(parseMapping(formatMapping({ target: text, sectors }))).toEqual({
        target: text,
        sectors,
      });
    }),
  );
});

test('a mapping that is cut or altered is refused', () => {
  const whole = formatMapping({ target: '/dev/sdb', sectors: 8 });
  for (const bad of [
    whole.slice(0, -10),
    whole.replace('version=1', 'version=2'),
    whole.replace('# Raw', '# Row'),
    `${whole}target="/dev/sdc"\n`,
    `${whole}more="x"\n`,
    whole.replace('sectors=8', 'sectors=0'),
    '',
  ]) {
    expect(() => parseMapping(bad)).toThrow(/./);
  }
});

test('a host allows servers of its own machine, and what it is told', async () => {
  const allowed = (target: string, ...allow: string[]) => requireAllowed(target, { allow });
  const refused = { fault: 'InvalidArgument' };
  const device = await makeDevice('lun0');
  await symlink('/etc/hostname', join(devices, 'leads-out'));
  await expect(allowed('nbd://127.0.0.1:9/x')).resolves.toMatchObject({ kind: 'nbd' });
  await expect(allowed('nbd://storage:9/x', 'nbd://storage')).resolves.toBeDefined();
  await expect(allowed('nbd://storage:9/x', 'nbd://storage:9')).resolves.toBeDefined();
  await expect(allowed('nbd://storage:9/x', 'nbd://storage:8')).rejects.toMatchObject(refused);
  await expect(allowed('nbd://storage.evil/x', 'nbd://storage')).rejects.toMatchObject(refused);
  await expect(allowed(device, devices)).resolves.toMatchObject({ kind: 'file' });
  await expect(allowed(device)).rejects.toMatchObject(refused);
  await expect(allowed(device, `${devices.slice(0, -1)}`)).rejects.toMatchObject(refused);
  await expect(allowed(join(devices, 'leads-out'), devices)).rejects.toMatchObject(refused);
  await expect(allowed(`nbd+unix:///x?socket=${device}`)).rejects.toMatchObject(refused);
  await expect(allowed(`nbd+unix:///x?socket=${device}`, devices)).resolves.toBeDefined();
  await expect(allowed('devices/lun0', '/')).rejects.toMatchObject(refused);
});

test('serves a file through its mapping', async () => {
  const device = await makeDevice('lun0');
  const mapping = join(folder, 'a-rdm.vmdk');
  expect(await mapRawDevice(mapping, device, parts())).toBe(4 * MIB);
  const backing = await openRawDevice(mapping, parts());
  expect(await writeBytes(backing, { offset: 512, data: Buffer.alloc(4096, 7) })).toBe(0);
  expect(await backing.flush()).toBe(0);
  await backing.close();
  expect((await readFile(device)).subarray(512, 4608)).toEqual(Buffer.alloc(4096, 7));
  await truncate(device, 2 * MIB);
  await expect(openRawDevice(mapping, parts())).rejects.toThrow(/bytes/);
});

test('serves an NBD server through its mapping', async () => {
  const missing = spawnSync('nbdkit', ['--version']).error !== undefined;
  expect(missing && process.env.CI !== undefined, 'nbdkit must be installed in CI').toBe(false);
  if (missing) return;
  const socket = join(devices, 'server');
  children.push(spawn('nbdkit', ['-f', '-U', socket, 'memory', '4M'], { stdio: 'ignore' }));
  while ((await stat(socket).catch(() => null)) === null) await sleep(systemClock, 10);
  const mapping = join(folder, 'b-rdm.vmdk');
  expect(await mapRawDevice(mapping, `nbd+unix:///?socket=${socket}`, parts())).toBe(4 * MIB);
  const backing = await openRawDevice(mapping, parts());
  expect(await writeBytes(backing, { offset: 1 * MIB, data: Buffer.alloc(8192, 9) })).toBe(0);
  expect(await readBytes(backing, 1 * MIB, 8192)).toEqual(Buffer.alloc(8192, 9));
  await backing.close();
  await expect(openRawDevice(mapping, { ...parts(), policy: { allow: [] } })).rejects.toMatchObject(
    { fault: 'InvalidArgument' },
  );
});
