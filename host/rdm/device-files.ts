// Opens a block device, or a file that stands for one, as what lies below a disk.
import { type BigIntStats, close, constants, fstat, open } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Fault } from '#lib/model/fault.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import type { DiskFiles, ExtentFile } from '../disk/extent-file.ts';
import { FdFile } from '../disk/files/fd-file.ts';
import { systemDiskFiles } from '../disk/system-disk-files.ts';

const openLater = promisify(open);
const closeLater = promisify(close);

/** A device has no count of its blocks: all of them are there. */
class DeviceFile extends FdFile {
  override allocatedBytes(): Promise<number> {
    return Promise.resolve(this.sizeBytes);
  }
}

/** As the files of the system, but `open` takes block devices too. */
export const deviceFiles: DiskFiles = { ...systemDiskFiles, open: openDevice };

/** The size of a block device or file in bytes. Throws `FileFault` for anything else. */
export async function deviceBytes(path: string): Promise<number> {
  const file = await openDevice(path);
  file.close();
  return file.sizeBytes;
}

async function openDevice(path: string): Promise<ExtentFile> {
  const { O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = await openLater(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  try {
    const info = await statOf(fd);
    if (info.isFile()) return new FdFile(path, fd, Number(info.size));
    if (info.isBlockDevice()) return new DeviceFile(path, fd, await blockDeviceBytes(info.rdev));
    throw new Fault('FileFault', `${path} is neither a block device nor a file.`);
  } catch (thrown) {
    await closeLater(fd);
    throw thrown;
  }
}

function statOf(fd: number): Promise<BigIntStats> {
  return new Promise((resolve, reject) => {
    fstat(fd, { bigint: true }, (error, info) => (error ? reject(error) : resolve(info)));
  });
}

/** From sysfs, in whose units of 512 bytes the kernel tells it whatever the device's sectors. */
async function blockDeviceBytes(device: bigint): Promise<number> {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  const text = await readFile(`/sys/dev/block/${major}:${minor}/size`, 'utf8');
  return Number(text.trim()) * SECTOR_BYTES;
}
