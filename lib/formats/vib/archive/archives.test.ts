// Tests of the archives inside VIBs and bundles: ar, tar, vtar, zip. Round trips, tricks and
// damage.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../model/fault.ts';
import { VIB_MEMBERS_MAX } from '../../../model/limits.ts';
import { textFile } from '../vib-fixtures.ts';
import { readAr, writeAr } from './ar.ts';
import { gunzip, gzip } from './gunzip.ts';
import { type ArchiveFile, readTar, writeTar } from './tar.ts';
import { readZip, writeZip } from './zip.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Whatever is thrown for bytes from outside must be a fault that an admin understands. */
function expectFaultOrValue(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
  }
}

describe('ar', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,14}$/);
  const member = fc.record({ name, bytes: fc.uint8Array({ maxLength: 50 }) });
  const members = fc.uniqueArray(member, { selector: (item) => item.name, maxLength: 8 });

  test('is read back as it was written', () => {
    fc.assert(
      fc.property(members, (list) => {
        const read = readAr(writeAr(list)).map(({ name: n, bytes }) => [n, [...bytes]]);
        expect(read).toEqual(list.map(({ name: n, bytes }) => [n, [...bytes]]));
      }),
    );
  });

  test('is refused, or cut between members, when it is cut anywhere', () => {
    const whole = writeAr([
      { name: 'odd', bytes: bytesOf('abc') },
      { name: 'even', bytes: bytesOf('abcd') },
    ]);
    const borders = [8, 8 + 60 + 4];
    for (let length = 0; length < whole.length; length++) {
      if (borders.includes(length)) continue;
      expect(() => readAr(whole.subarray(0, length))).toThrow(Fault);
    }
  });

  test('of random bytes never does anything but throw a fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (random, magic) => {
        const bytes = magic ? Buffer.concat([Buffer.from('!<arch>\n'), random]) : random;
        expectFaultOrValue(() => readAr(bytes));
      }),
    );
  });

  test.each([
    ['a path', '../evil'],
    ['an absolute path', '/etc/passwd'],
    ['a long-name table', '//'],
    ['a BSD long name', '#1/20'],
    ['a parent', '..'],
    ['a hidden name', '.bashrc'],
    ['an empty name', ''],
    ['a space', 'a b'],
  ])('with %s for a name is refused', (_, bad) => {
    const archive = Buffer.from(writeAr([{ name: 'goodname', bytes: bytesOf('x') }]));
    archive.write(bad.padEnd(16), 8, 'latin1');
    expect(() => readAr(archive)).toThrow(/not a name/);
    expect(() => writeAr([{ name: bad, bytes: bytesOf('x') }])).toThrow(/not a name/);
  });

  test.each([
    ['a NUL in a name', 'a\0b'],
    ['a byte that is not ASCII', 'caf\xe9'],
  ])('with %s is refused', (_, bad) => {
    const archive = Buffer.from(writeAr([{ name: 'goodname', bytes: bytesOf('x') }]));
    archive.write(bad.padEnd(16), 8, 'latin1');
    expect(() => readAr(archive)).toThrow(Fault);
  });

  test('with two members of one name, too many, trailing bytes or a lying size is refused', () => {
    const one = { name: 'a', bytes: bytesOf('x') };
    expect(() => readAr(writeAr([one, one]))).toThrow(/two members called a/);
    const many = Array.from({ length: VIB_MEMBERS_MAX + 1 }, (_, i) => ({ ...one, name: `m${i}` }));
    expect(() => readAr(writeAr(many))).toThrow(/more than/);
    expect(() => readAr(Buffer.concat([writeAr([one]), bytesOf('tail')]))).toThrow(Fault);
    const lying = Buffer.from(writeAr([one]));
    lying.write('9999999999', 8 + 48, 'latin1');
    expect(() => readAr(lying)).toThrow(/claims 9999999999 bytes/);
    lying.write('-1        ', 8 + 48, 'latin1');
    expect(() => readAr(lying)).toThrow(/not a number/);
  });
});

describe('tar', () => {
  const segment = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
  const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
  const file = fc.record<ArchiveFile>({
    path: path.map((text) => `d/${text}/file`),
    mode: fc.constantFrom(0o644, 0o755),
    bytes: fc.uint8Array({ maxLength: 1500 }),
  });

  test('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.uniqueArray(file, { selector: (item) => item.path, maxLength: 6 }), (list) => {
        const plain = (files: ArchiveFile[]) =>
          files
            .map(({ path: p, mode, bytes }) => ({ path: p, mode, bytes: [...bytes] }))
            .sort((a, b) => (a.path < b.path ? -1 : 1));
        // A name may be a directory in one file and a file in another, which is refused.
        fc.pre(!list.some((a) => list.some((b) => b.path.startsWith(`${a.path}/`))));
        expect(plain(readTar(writeTar(list), 'it'))).toEqual(plain(list));
      }),
    );
  });

  test('is refused when it is cut anywhere before its end mark', () => {
    const whole = writeTar([textFile('a/b', 'x'.repeat(600)), textFile('c', 'y')]);
    for (let length = 0; length < whole.length - 1024; length += 7) {
      expect(() => readTar(whole.subarray(0, length), 'it')).toThrow(Fault);
    }
  });

  test('with changed bytes is refused or read, and never anything else', () => {
    const whole = writeTar([textFile('a/b', 'hello'), textFile('c', 'y')]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (position, value) => {
        const copy = Uint8Array.from(whole);
        copy[position] = value;
        expectFaultOrValue(() => readTar(copy, 'it'));
      }),
    );
  });

  test.each(['../evil', '/etc/passwd', 'a/../../b', 'a//b', 'a/./b', 'a\\b', 'caf\xe9', 'a\nb'])(
    'with the path %j is refused',
    (bad) => {
      expect(() => readTar(renamed(bad), 'it')).toThrow(/is not allowed/);
    },
  );

  test('with a symbolic link, a hard link or a device is refused', () => {
    for (const type of ['1', '2', '3', '4', '6']) {
      expect(() => readTar(retyped(type), 'it')).toThrow(/a link or a device/);
    }
  });

  test('with a file twice, or a file where a directory is, is refused', () => {
    const twice = writeTar([textFile('a', 'x'), textFile('a', 'y')]);
    expect(() => readTar(twice, 'it')).toThrow(/holds a twice/);
    const both = writeTar([textFile('a', 'x'), textFile('a/b', 'y')]);
    expect(() => readTar(both, 'it')).toThrow(/both a file and a directory/);
  });

  const gnuTar = existsSync('/bin/tar') || existsSync('/usr/bin/tar');
  if (!gnuTar && process.env.CI) throw new Error('tar is needed in CI');

  test.skipIf(!gnuTar)('of the system is read: pax and GNU names; its links are refused', () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-tar-'));
    const long = `${'n'.repeat(150)}.txt`;
    writeFileSync(join(directory, long), 'long');
    for (const format of ['gnu', 'pax']) {
      const tar = execFileSync('tar', ['-cf', '-', `--format=${format}`, long], { cwd: directory });
      expect(readTar(tar, 'it').map(({ path: p }) => p)).toEqual([long]);
    }
    symlinkSync('/etc/passwd', join(directory, 'link'));
    const tar = execFileSync('tar', ['-cf', '-', 'link'], { cwd: directory });
    expect(() => readTar(tar, 'it')).toThrow(/a link or a device/);
    rmSync(directory, { recursive: true });
  });
});

describe('vtar', () => {
  test('keeps headers together and the data behind them', () => {
    const archive = Buffer.alloc(4 * 512 + 100);
    const first = vtarHeader('bin/a.sh', 5, 2048);
    const second = vtarHeader('etc/b.conf', 7, 2053);
    archive.set(first, 0);
    archive.set(second, 512);
    archive.write('hellogoodbye', 2048, 'latin1');
    const files = readTar(archive, 'it').map(({ path, bytes }) => [
      path,
      Buffer.from(bytes).toString(),
    ]);
    expect(files).toEqual([
      ['bin/a.sh', 'hello'],
      ['etc/b.conf', 'goodbye'],
    ]);
  });

  test('whose data lie outside is refused', () => {
    const archive = Buffer.concat([vtarHeader('a', 5, 5000), Buffer.alloc(1024)]);
    expect(() => readTar(archive, 'it')).toThrow(/which are not there/);
  });
});

describe('gzip', () => {
  test('is the same for the same bytes, and refused when cut anywhere', async () => {
    const packed = await gzip(bytesOf('hello '.repeat(100)));
    expect(await gzip(bytesOf('hello '.repeat(100)))).toEqual(packed);
    for (let length = 0; length < packed.length; length++) {
      await expect(gunzip(packed.subarray(0, length), 'it')).rejects.toBeInstanceOf(Fault);
    }
  });
});

describe('zip', () => {
  const files = new Map([
    ['index.xml', bytesOf('<a/>')],
    ['vib20/x/x.vib', bytesOf('vib '.repeat(100))],
  ]);

  test('is read back as it was written, and written the same twice', async () => {
    const zip = await writeZip(files);
    expect(await writeZip(files)).toEqual(zip);
    const read = await readZip(zip, 'it');
    expect([...read].map(([path, bytes]) => [path, Buffer.from(bytes).toString()])).toEqual(
      [...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]),
    );
  });

  test('cut anywhere is refused', async () => {
    const zip = await writeZip(files);
    for (let length = 0; length < zip.length; length += 3) {
      await expect(readZip(zip.subarray(0, length), 'it')).rejects.toBeInstanceOf(Fault);
    }
  });

  test('with a path that leads out is refused', async () => {
    const zip = Buffer.from(await writeZip(files));
    const patched = Buffer.from(zip.toString('latin1').replaceAll('vib20/x', '../../x'), 'latin1');
    await expect(readZip(patched, 'it')).rejects.toBeInstanceOf(Fault);
  });

  test('that would unpack to too much is refused before it does', async () => {
    const bomb = await writeZip(new Map([['big', new Uint8Array(32 * 1024 * 1024)]]));
    expect(bomb.length).toBeLessThan(64 * 1024);
    await expect(readZip(bomb, 'it')).rejects.toThrow(/unpack to too much/);
  });

  test('whose sizes lie is refused', async () => {
    const zip = Buffer.from(await writeZip(new Map([['a', new Uint8Array(2 * 1024 * 1024)]])));
    const central = zip.lastIndexOf(Buffer.from('504b0102', 'hex'));
    zip.writeUInt32LE(1000, central + 24);
    await expect(readZip(zip, 'it')).rejects.toBeInstanceOf(Fault);
  });
});

/** A tar of one file whose header says another name. */
function renamed(name: string): Uint8Array {
  const archive = Buffer.from(writeTar([textFile('x', 'y')]));
  archive.fill(0, 0, 100);
  archive.write(name, 0, 'latin1');
  return checksummed(archive);
}

function retyped(type: string): Uint8Array {
  const archive = Buffer.from(writeTar([textFile('x', '')]));
  archive.write(type, 156, 'latin1');
  return checksummed(archive);
}

function vtarHeader(name: string, size: number, offset: number): Buffer {
  const header = Buffer.from(writeTar([textFile(name, '')]).subarray(0, 512));
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('visor  \0', 257, 'latin1');
  header.fill(0, 345, 512);
  header.writeUInt32LE(offset, 496);
  return checksummed(header);
}

function checksummed(archive: Buffer): Buffer {
  archive.write('        ', 148, 'latin1');
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return archive;
}
