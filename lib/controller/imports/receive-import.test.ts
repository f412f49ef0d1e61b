// What is uploaded to be imported: what is found in it, and every hostile or damaged file refused
// with its reason and nothing left behind.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/system-clock.ts';
import { systemRandom } from '../../base/system-random.ts';
import { ovfOf } from '../../formats/ova/ovf-fixture.ts';
import { type TarEntry, writeTar } from '../../formats/ova/write-tar.ts';
import type { ImportView } from '../../wire/api/imports.ts';
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts';
import { type Depot, openDepot } from '../depot/depot.ts';
import { systemCaller } from '../permissions/caller.ts';
import { listImports, readImport, removeImport } from './import-store.ts';
import { addImportFile, startImport } from './receive-import.ts';
import { sweepImports } from './sweep-imports.ts';

const MIB = 1024 ** 2;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
let database: TestDatabase;
let depot: Depot;

beforeAll(async () => {
  database = await openTestDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-import-'));
  depot = { folder, rootsFile: '', clock: systemClock };
  await openDepot(depot);
}, 120_000);
afterAll(async () => {
  await database.close();
  await rm(depot.folder, { recursive: true, force: true });
});

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_000) yield bytes.subarray(at, at + 65_000);
}

function uploadOf(fileName: string, bytes: Uint8Array) {
  const caller = systemCaller('tester');
  const seams = { db: database.database, depot, random: systemRandom, caller };
  return { ...seams, fileName, bytes: inPieces(bytes) };
}

/** All files of an import, one after the other. */
async function upload(files: [string, Uint8Array][]): Promise<ImportView> {
  let view: ImportView | null = null;
  for (const [name, bytes] of files) {
    const file = uploadOf(name, bytes);
    view = view === null ? await startImport(file) : await addImportFile(file, view.id);
  }
  if (view === null) throw new Error('no file');
  await removeImport(depot, view.id);
  return view;
}

const raw = Buffer.alloc(MIB, 7);

/** A qcow2 header of version 3 for 8 MiB, with fields changed. */
function qcow2(change: (header: Buffer) => void = () => undefined): Buffer {
  const header = Buffer.alloc(64 * 1024);
  header.write('QFI\xfb', 0, 'latin1');
  header.writeUInt32BE(3, 4);
  header.writeUInt32BE(16, 20);
  header.writeBigUInt64BE(BigInt(8 * MIB), 24);
  header.writeUInt32BE(104, 100);
  change(header);
  return header;
}

/** A hosted sparse extent with an embedded descriptor. */
function sparse(descriptor: string, capacitySectors = 2048): Buffer {
  const bytes = Buffer.alloc(64 * 1024);
  bytes.write('KDMV', 0, 'latin1');
  bytes.writeUInt32LE(1, 4);
  bytes.writeUInt32LE(3, 8);
  bytes.writeBigUInt64LE(BigInt(capacitySectors), 12);
  bytes.writeBigUInt64LE(128n, 20);
  bytes.writeBigUInt64LE(1n, 28);
  bytes.writeBigUInt64LE(20n, 36);
  bytes.writeUInt32LE(512, 44);
  bytes.writeBigUInt64LE(21n, 56);
  bytes.write('\n \r\n', 73, 'latin1');
  bytes.write(descriptor, 512);
  return bytes;
}

function descriptorOf(type: string, extent: string, parent = 'ffffffff'): string {
  const hint = parent === 'ffffffff' ? '' : 'parentFileNameHint="/etc/passwd"\n';
  return (
    `# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=${parent}\n` +
    `createType="${type}"\n${hint}${extent}\n`
  );
}

const SPARSE = 'RW 2048 SPARSE "a.vmdk"';
const FLAT = 'RW 2048 VMFS "web-flat.vmdk"';
const manifest = (name: string, bytes: Uint8Array) =>
  text(`SHA256(${name})= ${createHash('sha256').update(bytes).digest('hex')}\n`);
const ova = (entries: TarEntry[]): Uint8Array => writeTar(entries);
const ovf = ovfOf({ files: [{ href: 'disk.vmdk' }] });
const disk = sparse(descriptorOf('streamOptimized', 'RW 2048 SPARSE "disk.vmdk"'));

describe('what is found', () => {
  test('a qcow2 image', async () => {
    const view = await upload([['web01.qcow2', qcow2()]]);
    const found = { fileName: 'web01.qcow2', format: 'qcow2', capacityBytes: 8 * MIB };
    expect(view).toMatchObject({ name: 'web01', missing: [], disks: [found] });
  });

  test('a raw image that is no whole number of sectors', async () => {
    const { disks, warnings } = await upload([['odd.raw', Buffer.alloc(1000, 1)]]);
    expect(disks).toMatchObject([{ format: 'raw', sizeBytes: 1000, capacityBytes: 1024 }]);
    expect(warnings).toEqual(['odd.raw: The size was rounded up to whole sectors of 512 bytes.']);
  });

  test('a flat VMDK: the descriptor asks for its extent', async () => {
    const descriptor = text(descriptorOf('vmfs', FLAT));
    const first = await startImport(uploadOf('web.vmdk', descriptor));
    expect(first).toMatchObject({ missing: ['web-flat.vmdk'], disks: [] });
    const view = await addImportFile(uploadOf('web-flat.vmdk', raw), first.id);
    const found = { fileName: 'web-flat.vmdk', format: 'raw', capacityBytes: MIB };
    expect(view).toMatchObject({ missing: [], disks: [found] });
    await removeImport(depot, first.id);
  });

  test('a VM by its .vmx', async () => {
    const vmx =
      'displayName = "Old server"\nnumvcpus = "4"\nmemSize = "2048"\nguestOS = "debian12-64"\n' +
      'scsi0:0.fileName = "web.qcow.vmdk"\nscsi0:0.present = "TRUE"\n' +
      'ide1:0.deviceType = "cdrom-image"\nide1:0.fileName = "cd.vmdk"\n';
    const view = await upload([
      ['web.vmx', text(vmx)],
      ['web.qcow.vmdk', sparse(descriptorOf('monolithicSparse', SPARSE))],
    ]);
    expect(view).toMatchObject({ name: 'Old server', cpuCount: 4, memoryMib: 2048, missing: [] });
    expect(view.disks).toMatchObject([{ format: 'vmdk', capacityBytes: MIB }]);
  });

  test('an OVA: hardware, and the part of the file that is its disk', async () => {
    const bytes = ova([
      { name: 'a.ovf', bytes: ovf },
      { name: 'a.mf', bytes: manifest('disk.vmdk', disk) },
      { name: 'disk.vmdk', bytes: disk },
    ]);
    const { id } = await startImport(uploadOf('a.ova', bytes));
    const staged = await readImport(depot, id, 'tester');
    const hardware = { cpuCount: 2, memoryMib: 512, guestFullName: 'Debian 12' };
    expect(staged).toMatchObject({ name: 'appliance', ...hardware, missing: [] });
    const sha256 = createHash('sha256').update(disk).digest('hex');
    const part = staged.disks[0]?.part;
    expect(part).toMatchObject({ file: 0, sizeBytes: disk.length, sha256 });
    const { offset = 0 } = part ?? {};
    expect(
      Buffer.from(bytes)
        .subarray(offset, offset + disk.length)
        .equals(disk),
    ).toBe(true);
    await removeImport(depot, id);
  });
});

const backing = qcow2((header) => {
  header.writeBigUInt64BE(4096n, 8);
  header.writeUInt32BE(11, 16);
  header.write('/etc/passwd', 4096);
});
const external = qcow2((header) => header.writeBigUInt64BE(4n, 72));
const encrypted = qcow2((header) => header.writeUInt32BE(2, 32));
const huge = qcow2((header) => header.writeBigUInt64BE(2n ** 50n, 24));
const entity = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>';
const twice = { name: 'a.ovf', bytes: ovf };

const HOSTILE: [string, string, Uint8Array, RegExp][] = [
  ['qcow2 with a backing file', 'a.qcow2', backing, /backing file/],
  ['qcow2 with data elsewhere', 'a.qcow2', external, /data in another file/],
  ['encrypted qcow2', 'a.qcow2', encrypted, /encrypted/],
  ['qcow2 of a pebibyte', 'a.qcow2', huge, /at most 62 TiB/],
  ['cut off qcow2', 'a.qcow2', qcow2().subarray(0, 50), /cut off/],
  [
    'sparse VMDK without a size',
    'a.vmdk',
    sparse(descriptorOf('monolithicSparse', SPARSE), 0),
    /sectors/,
  ],
  ['VMDK with a parent', 'a.vmdk', sparse(descriptorOf('monolithicSparse', SPARSE, '1')), /parent/],
  ['split VMDK', 'a.vmdk', text(descriptorOf('twoGbMaxExtentSparse', SPARSE)), /one flat extent/],
  [
    'extent elsewhere',
    'a.vmdk',
    text(descriptorOf('vmfs', 'RW 1 VMFS "../../etc/passwd"')),
    /not a path/,
  ],
  [
    'extent that is absolute',
    'a.vmdk',
    text(descriptorOf('vmfs', 'RW 1 VMFS "/etc/passwd"')),
    /not a path/,
  ],
  ['VHDX', 'a.vhdx', text('vhdxfile and more'), /VHDX/],
  ['a text', 'a.txt', text('hello'), /no disk image/],
  ['nothing', 'a.raw', new Uint8Array(), /empty/],
  ['name with a path', '../a.raw', raw, /no name of a file/],
  [
    '.vmx that names a disk elsewhere',
    'a.vmx',
    text('scsi0:0.fileName = "/etc/x.vmdk"\n'),
    /no name/,
  ],
  ['.vmx without disks', 'a.vmx', text('displayName = "x"\n'), /no virtual disk/],
  ['OVF with an entity', 'a.ovf', ovfOf({ files: [], prolog: entity }), /document types/],
  [
    'OVF whose file lies elsewhere',
    'a.ovf',
    ovfOf({ files: [{ href: '../x' }] }),
    /no name of a file/,
  ],
  [
    'compressed OVF disk',
    'a.ovf',
    ovfOf({ files: [{ href: 'x', more: 'ovf:compression="gzip"' }] }),
    /compressed/,
  ],
  ['OVA with a path', 'a.ova', ova([{ name: '../a.ovf', bytes: ovf }]), /no name of a file/],
  ['OVA with a link', 'a.ova', ova([{ name: 'a', bytes: raw, type: '2' }]), /no plain file/],
  ['OVA with a file twice', 'a.ova', ova([twice, twice]), /twice/],
  ['OVA that is cut off', 'a.ova', ova([{ ...twice, sizeBytes: 99_999 }]), /cut off/],
  ['OVA with a broken header', 'a.ova', Buffer.from(ova([twice])).fill(1, 0, 4), /checksum/],
  [
    'OVA whose disk does not match its manifest',
    'a.ova',
    ova([
      twice,
      { name: 'a.mf', bytes: manifest('disk.vmdk', raw) },
      { name: 'disk.vmdk', bytes: disk },
    ]),
    /does not match/,
  ],
];

describe('what is refused, with nothing left', () => {
  test.each(HOSTILE)('%s', async (_, fileName, bytes, reason) => {
    const uploading = startImport(uploadOf(fileName, bytes));
    const fault = { fault: 'InvalidDiskFormat', message: expect.stringMatching(reason) };
    await expect(uploading).rejects.toMatchObject(fault);
    expect(await listImports(depot)).toEqual([]);
    for (const folder of ['imports', 'incoming']) {
      expect(await readdir(path.join(depot.folder, folder))).toEqual([]);
    }
  });

  test('the upload of somebody else', async () => {
    const { id } = await startImport(uploadOf('a.raw', raw));
    await expect(readImport(depot, id, 'another')).rejects.toMatchObject({ fault: 'NotFound' });
    await expect(readImport(depot, '../vibs')).rejects.toMatchObject({ fault: 'NotFound' });
    await removeImport(depot, id);
  });
});

test('an upload that waited for more than a day is taken away', async () => {
  const { id } = await startImport(uploadOf('a.raw', raw));
  await sweepImports(database.database, depot);
  expect(await listImports(depot)).toHaveLength(1);
  const later = { ...systemClock, now: () => systemClock.now() + 25 * 3_600_000 };
  await sweepImports(database.database, { ...depot, clock: later });
  await expect(readImport(depot, id)).rejects.toMatchObject({ fault: 'NotFound' });
});
