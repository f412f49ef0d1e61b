// Tests of the vSCSI trace reader: both versions in chunks of any size, bad records, and a real
// trace if there.
import { createReadStream, existsSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../format-error.ts';
import { readVscsi, type VscsiIo } from './vscsi.ts';

const REAL_TRACE = '../shared/data/traces/cloudPhysicsIO.vscsi';

const ios = fc.record({
  operation: fc.constantFrom('read' as const, 'write' as const),
  sequence: fc.nat(),
  lbn: fc.nat({ max: 2 ** 31 - 1 }),
  lengthBytes: fc.integer({ min: 0, max: 1024 * 1024 }),
  microseconds: fc.nat({ max: 2 ** 31 - 1 }),
  responseUs: fc.nat({ max: 2 ** 31 - 1 }),
});
type SampleIo = Omit<VscsiIo, 'command'>;

test.each([1, 2] as const)('reads version %i in chunks of any size', async (version) => {
  const traces = fc.array(ios, { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(traces, fc.integer({ min: 1, max: 100 }), async (trace, chunkBytes) => {
      const read = await collect(chunksOf(encode(trace, version), chunkBytes));
      const command = { read: 0x28, write: 0x2a };
      expect(read).toEqual(
        trace.map((io) => ({
          ...io,
          command: command[io.operation],
          responseUs: version === 1 ? null : io.responseUs,
        })),
      );
    }),
  );
});

test('an empty file is an empty trace', async () => {
  expect(await collect([])).toEqual([]);
});

const three = [1, 2, 3].map((sequence) => ({
  operation: 'read' as const,
  sequence,
  lbn: 8,
  lengthBytes: 4096,
  microseconds: sequence,
  responseUs: 1,
}));

test('refuses a part of a record at the end, with its position', async () => {
  const bytes = encode(three, 1);
  await expect(collect([bytes.subarray(0, 90)])).rejects.toMatchObject({ position: 64 });
});

test('refuses a record of another version, with its position', async () => {
  const bytes = encode(three, 2);
  bytes[83] = 9;
  await expect(collect([bytes])).rejects.toMatchObject({ position: 80 });
});

test('refuses impossible lengths and blocks', async () => {
  const long = encode(three, 1);
  new DataView(long.buffer).setUint32(32 + 4, 0xffff_ffff, true);
  await expect(collect([long])).rejects.toMatchObject({ position: 32 });
  const far = encode(three, 1);
  new DataView(far.buffer).setBigUint64(16, 2n ** 63n, true);
  await expect(collect([far])).rejects.toMatchObject({ position: 0 });
});

test('any bytes are read or refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      await collect([bytes]).catch((thrown) => expect(thrown).toBeInstanceOf(FormatError));
    }),
  );
});

test.skipIf(!existsSync(REAL_TRACE))('reads a real trace of two hours', async () => {
  const counts = { read: 0, write: 0, other: 0 };
  for await (const io of readVscsi(createReadStream(REAL_TRACE))) counts[io.operation]++;
  expect(counts).toEqual({ read: 46_974, write: 66_898, other: 0 });
});

async function collect(chunks: Iterable<Uint8Array>): Promise<VscsiIo[]> {
  const all: VscsiIo[] = [];
  for await (const io of readVscsi(chunks)) all.push(io);
  return all;
}

function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function encode(trace: SampleIo[], version: 1 | 2): Uint8Array<ArrayBuffer> {
  const size = version === 1 ? 32 : 40;
  const bytes = new Uint8Array(trace.length * size);
  const view = new DataView(bytes.buffer);
  for (const [index, io] of trace.entries()) {
    const at = index * size;
    const [sn, length, command] = version === 1 ? [0, 4, 12] : [4, 8, 0];
    view.setUint32(at + sn, io.sequence, true);
    view.setUint32(at + length, io.lengthBytes, true);
    view.setUint16(at + command, io.operation === 'read' ? 0x28 : 0x2a, true);
    view.setUint16(at + command + 2, version << 8, true);
    view.setBigUint64(at + 16, BigInt(io.lbn), true);
    view.setBigUint64(at + 24, BigInt(io.microseconds), true);
    if (version === 2) view.setBigUint64(at + 32, BigInt(io.responseUs ?? 0), true);
  }
  return bytes;
}
