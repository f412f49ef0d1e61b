// For tests: a disk image that a PC boots from: a FAT file system with syslinux, the kernel that is
// installed on this machine, and an initial RAM disk whose shell runs the commands that come in on
// the second serial port. The rest of the disk is free for the test.
import { readdirSync } from 'node:fs';
import { chmod, copyFile, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { assert } from '#lib/base/assert.ts';
import { MIB } from '#lib/model/limits.ts';
import { findTool, haveTools, mustRun, runTool } from '../world/test-peers.ts';

/** The file system with kernel and RAM disk takes this much, from the start, in bytes. */
export const BOOT_BYTES = 48 * MIB;

const MODULES = ['virtio_pci', 'virtio_blk'];

/** Runs each line that comes in, and says with which code it ended. */
const INIT = `#!/bin/sh
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r module; do insmod "/lib/$module"; done < /lib/order
exec < /dev/ttyS1 > /dev/ttyS1 2>&1
stty raw -echo
echo ready
while read -r line; do
  eval "$line" < /dev/null
  echo "ended $?"
done
`;

const SYSLINUX = `DEFAULT linux
LABEL linux
  KERNEL linux
  INITRD initrd
  APPEND quiet loglevel=0 console=ttyS0 panic=-1
`;

interface Kernel {
  file: string;
  version: string;
}

/** Whether everything is there to make and boot such an image; says what is not. */
export function canBootGuests(): boolean {
  if (!haveTools('qemu-system-x86_64', 'syslinux', 'mformat', 'mcopy', 'busybox', 'cpio')) {
    return false;
  }
  if (findKernel() !== null) return true;
  assert(!process.env.CI, 'no kernel is installed, and CI must run every test');
  process.stderr.write('skipped: no kernel with modules is installed\n');
  return false;
}

/** Makes the image in the folder, with these modules beside those of the disk; returns its path. */
export async function makeBootImage(
  folder: string,
  modules: readonly string[] = [],
): Promise<string> {
  const kernel = findKernel();
  assert(kernel !== null, 'a kernel is installed');
  const image = join(folder, 'boot.img');
  const config = join(folder, 'syslinux.cfg');
  await writeFile(config, SYSLINUX);
  await writeFile(image, '');
  await truncate(image, BOOT_BYTES);
  await mustRun('mformat', ['-i', image, '::']);
  await mustRun('mcopy', ['-i', image, kernel.file, '::/linux']);
  await mustRun('mcopy', ['-i', image, await makeRamDisk(folder, kernel, modules), '::/initrd']);
  await mustRun('mcopy', ['-i', image, config, '::/syslinux.cfg']);
  await mustRun('syslinux', ['--install', image]);
  return image;
}

async function makeRamDisk(
  folder: string,
  kernel: Kernel,
  more: readonly string[],
): Promise<string> {
  const root = join(folder, 'root');
  for (const name of ['bin', 'dev', 'proc', 'sys', 'lib', 'mnt']) {
    await mkdir(join(root, name), { recursive: true });
  }
  await copyFile(findTool('busybox') ?? 'busybox', join(root, 'bin', 'busybox'));
  await symlink('busybox', join(root, 'bin', 'sh'));
  const modules = await moduleFiles(kernel, [...MODULES, ...more]);
  for (const file of modules) await copyFile(file, join(root, 'lib', basename(file)));
  const order = modules.map((file) => `${basename(file)}\n`).join('');
  await writeFile(join(root, 'lib', 'order'), order);
  await writeFile(join(root, 'init'), INIT);
  await chmod(join(root, 'init'), 0o755);
  const disk = join(folder, 'initrd');
  await mustRun('sh', ['-c', `find . | cpio -o -H newc --quiet | gzip -1 > '${disk}'`], {
    cwd: root,
  });
  return disk;
}

/** These modules and what they need, in the order of their loading. */
async function moduleFiles({ version }: Kernel, names: readonly string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const name of names) {
    const { stdout } = await runTool('modprobe', ['-S', version, '--show-depends', name]);
    for (const [, file] of stdout.matchAll(/^insmod (\S+)/gm)) if (file) files.add(file);
  }
  return [...files];
}

function findKernel(): Kernel | null {
  for (const name of listed('/boot').sort().reverse()) {
    const version = /^vmlinuz-(.+)$/.exec(name)?.[1];
    if (version === undefined || !listed('/lib/modules').includes(version)) continue;
    return { file: join('/boot', name), version };
  }
  return null;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A machine without such a folder has none of it.
    return [];
  }
}
