// A raw device mapping to a real block device, where this account may make one; and physical mode,
// which no opener takes.
import { spawnSync } from 'node:child_process';
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { systemRandom } from '#lib/base/system-random.ts';
import { MIB } from '#lib/model/limits.ts';
import { openBacking } from '../disk/open-backing.ts';
import { systemDiskFiles } from '../disk/system-disk-files.ts';
import { readBytes, writeBytes } from '../nbd-client/backing-io.ts';
import { createMapping } from './create-mapping.ts';
import { openRawDevice } from './raw-device.ts';

const SIZE = 8 * MIB;
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-loop-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Null, saying so, where there are no loop devices or this account may not use them. */
function attachLoop(image: string): string | null {
  const made = spawnSync('losetup', ['--find', '--show', image], { encoding: 'utf8' });
  if (made.status === 0) return made.stdout.trim();
  process.stderr.write(`skipped: no loop device: ${made.stderr ?? made.error?.message}\n`);
  return null;
}

test('a block device is a disk, as large as it is', async ({ skip }) => {
  const image = join(folder, 'image');
  await writeFile(image, '');
  await truncate(image, SIZE);
  const device = attachLoop(image);
  if (device === null) return skip('no loop device can be made here');
  try {
    const policy = { allow: [device] };
    const parts = { policy, clock: systemClock, onState: () => undefined };
    const descriptorPath = join(folder, 'raw.vmdk');
    await createMapping({ descriptorPath, device, random: systemRandom }, parts);
    const backing = await openRawDevice(join(folder, 'raw-rdm.vmdk'), parts);
    expect(backing.sizeBytes).toBe(SIZE);
    const data = Buffer.alloc(64 * 1024, 0x5a);
    expect(await writeBytes(backing, { offset: SIZE - data.length, data })).toBe(0);
    expect(await backing.flush()).toBe(0);
    expect(await readBytes(backing, SIZE - data.length, data.length)).toEqual(data);
    await backing.close();
    // Read past our own code: from the device itself.
    const raw = await open(device, 'r');
    const { buffer } = await raw.read(
      Buffer.alloc(data.length),
      0,
      data.length,
      SIZE - data.length,
    );
    await raw.close();
    expect(buffer).toEqual(data);
    // A partition that is not allowed stays out, whatever it is.
    const none = { ...parts, policy: { allow: [folder] } };
    await expect(openRawDevice(join(folder, 'raw-rdm.vmdk'), none)).rejects.toMatchObject({
      fault: 'InvalidArgument',
    });
  } finally {
    spawnSync('losetup', ['--detach', device]);
  }
});

test.each([false, true])('physical mode is not opened (read-only: %s)', async (readOnly) => {
  const device = join(folder, 'lun');
  await writeFile(device, '');
  await truncate(device, SIZE);
  const policy = { allow: [folder] };
  const parts = { policy, clock: systemClock, onState: () => undefined };
  const descriptorPath = join(folder, 'physical.vmdk');
  await createMapping({ descriptorPath, device, random: systemRandom }, parts);
  const text = await readFile(descriptorPath, 'utf8');
  await writeFile(descriptorPath, text.replace('vmfsRawDeviceMap', 'vmfsPassthroughRawDeviceMap'));
  const request = { descriptorPath, readOnly, clock: systemClock, files: systemDiskFiles };
  await expect(openBacking(request)).rejects.toMatchObject({
    fault: 'CannotOpenDisk',
    message: expect.stringContaining('physical compatibility mode'),
  });
});
