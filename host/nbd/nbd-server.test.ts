// Tests of the NBD server over real sockets: the protocol by table, data under many kinds of load,
// and bad clients.

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { sleep } from '#lib/base/clock.ts';
import { systemClock } from '#lib/base/system-clock.ts';
import type { FilterHooks } from '#lib/filter-sdk/filter.ts';
import { COMMAND_FLAGS, COMMANDS, OPTION_REPLIES, OPTIONS } from '#lib/formats/nbd/constants.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import {
  encodeClientFlags,
  encodeInfoRequest,
  encodeMetaContextRequest,
  encodeOption,
} from '#lib/formats/nbd/handshake.ts';
import { KIB, MIB, NBD_CONNECTIONS_MAX } from '#lib/model/limits.ts';
import { NbdServer } from './nbd-server.ts';
import { TestClient, type Where } from './test-client.ts';
import { deferringHooks, MemoryExport } from './test-export.ts';

const DISK_BYTES = 8 * MIB;
const NOTHING = new Uint8Array(0);

const servers: NbdServer[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Lab {
  disk: MemoryExport;
  server: NbdServer;
  where: Where;
}

async function serve(hooks: Partial<FilterHooks> = {}): Promise<Lab> {
  const disk = new MemoryExport(DISK_BYTES, hooks);
  const server = new NbdServer({ exports: [disk], clock: systemClock, log: () => undefined });
  servers.push(server);
  const port = await server.listenTcp({ host: '127.0.0.1', port: 0 });
  return { disk, server, where: { host: '127.0.0.1', port } };
}

async function greeted(where: Where): Promise<TestClient> {
  const client = new TestClient(where);
  await client.greet();
  return client;
}

function typesOf(replies: { type: number }[]): number[] {
  return replies.map(({ type }) => type);
}

test('a server that lists nothing serves only those who know a name', async () => {
  const disk = new MemoryExport(DISK_BYTES);
  const parts = { exports: [disk], unlisted: true, clock: systemClock, log: () => undefined };
  const server = new NbdServer(parts);
  servers.push(server);
  const where = { host: '127.0.0.1', port: await server.listenTcp({ host: '127.0.0.1', port: 0 }) };
  const client = await greeted(where);
  const { ack, info, errorUnknown } = OPTION_REPLIES;
  expect(typesOf(await client.option(OPTIONS.list, NOTHING))).toEqual([ack]);
  const first = encodeInfoRequest({ exportName: '', wanted: [] });
  expect(typesOf(await client.option(OPTIONS.info, first))).toEqual([errorUnknown]);
  const named = encodeInfoRequest({ exportName: disk.name, wanted: [] });
  expect(typesOf(await client.option(OPTIONS.info, named))).toEqual([info, info, ack]);
});

describe('handshake', () => {
  const { ack, server: serverReply, info, metaContext } = OPTION_REPLIES;
  const { errorUnsupported, errorInvalid, errorUnknown } = OPTION_REPLIES;
  const context = encodeMetaContextRequest({ exportName: '', queries: ['base:allocation'] });
  const unknown = encodeInfoRequest({ exportName: 'nowhere', wanted: [] });

  test.each([
    ['LIST', OPTIONS.list, NOTHING, [serverReply, ack]],
    ['LIST with data', OPTIONS.list, new Uint8Array(4), [errorInvalid]],
    [
      'INFO',
      OPTIONS.info,
      encodeInfoRequest({ exportName: '', wanted: [1, 3] }),
      [info, info, info, ack],
    ],
    ['INFO of an unknown export', OPTIONS.info, unknown, [errorUnknown]],
    ['GO to an unknown export', OPTIONS.go, unknown, [errorUnknown]],
    ['INFO cut short', OPTIONS.info, new Uint8Array(3), [errorInvalid]],
    [
      'INFO with a name beyond the option',
      OPTIONS.info,
      Uint8Array.of(0, 0, 1, 0, 0, 0),
      [errorInvalid],
    ],
    ['STARTTLS', OPTIONS.startTls, NOTHING, [errorUnsupported]],
    ['an unknown option', 999, new Uint8Array(100), [errorUnsupported]],
    ['a context without structured replies', OPTIONS.setMetaContext, context, [errorInvalid]],
    ['ABORT', OPTIONS.abort, NOTHING, [ack]],
  ] as const)('%s', async (_, option, data, types) => {
    const { where } = await serve();
    const client = await greeted(where);
    expect(typesOf(await client.option(option, data))).toEqual(types);
    client.close();
  });

  test('contexts are listed and chosen for one export', async () => {
    const { where } = await serve();
    const client = await greeted(where);
    expect(typesOf(await client.option(OPTIONS.structuredReply, NOTHING))).toEqual([ack]);
    const all = encodeMetaContextRequest({ exportName: '', queries: [] });
    expect(typesOf(await client.option(OPTIONS.listMetaContext, all))).toEqual([metaContext, ack]);
    expect(typesOf(await client.option(OPTIONS.setMetaContext, all))).toEqual([ack]);
    expect(typesOf(await client.option(OPTIONS.setMetaContext, context))).toEqual([
      metaContext,
      ack,
    ]);
    await client.go('');
    const { extents } = await client.request({ command: COMMANDS.blockStatus, length: 8192 });
    expect(extents).toEqual([
      { length: 4096, flags: 0 },
      { length: 4096, flags: 3 },
    ]);
    const flags = COMMAND_FLAGS.reqOne;
    const one = await client.request({ command: COMMANDS.blockStatus, length: 8192, flags });
    expect(one.extents).toEqual([{ length: 4096, flags: 0 }]);
    client.close();
  });

  test.each([
    ['with', 3, 10],
    ['without', 1, 134],
  ] as const)('EXPORT_NAME %s NO_ZEROES', async (_, flags, bytes) => {
    const { where } = await serve();
    const client = new TestClient(where);
    await client.take(18);
    client.socket.write(encodeClientFlags(flags));
    client.socket.write(encodeOption(OPTIONS.exportName, new TextEncoder().encode('scsi0:0')));
    const reply = await client.take(bytes);
    expect(Number(reply.readBigUInt64BE(0))).toBe(DISK_BYTES);
    client.close();
  });
});

describe('requests that may not be', () => {
  const { EINVAL, ENOSPC, EOVERFLOW } = NBD_ERRORS;
  test.each([
    ['read beyond the end', { command: 0, offset: DISK_BYTES, length: 512 }, EINVAL],
    ['read of an absurd offset', { command: 0, offset: 2 ** 60, length: 512 }, EINVAL],
    ['read of 65 MiB', { command: 0, length: 65 * MIB }, EOVERFLOW],
    ['read of part of a sector', { command: 0, length: 100 }, EINVAL],
    ['read of nothing', { command: 0, length: 0 }, EINVAL],
    ['write beyond the end', { command: 1, offset: DISK_BYTES, data: new Uint8Array(512) }, ENOSPC],
    [
      'large write beyond the end',
      { command: 1, offset: DISK_BYTES, data: new Uint8Array(MIB) },
      ENOSPC,
    ],
    ['write of part of a sector', { command: 1, data: new Uint8Array(100) }, EINVAL],
    ['zeroes beyond the end', { command: 6, offset: DISK_BYTES - 512, length: MIB }, ENOSPC],
    ['trim beyond the end', { command: 4, offset: DISK_BYTES - 512, length: MIB }, EINVAL],
    ['flush with a length', { command: 3, length: 512 }, EINVAL],
    ['an unknown command', { command: 77, length: 512 }, EINVAL],
    ['unknown flags', { command: 0, length: 512, flags: 0x8000 }, EINVAL],
  ])('%s gets its error and the connection goes on', async (_, request, error) => {
    const { where } = await serve();
    for (const structured of [true, false]) {
      const client = await TestClient.connect(where, { structured });
      expect((await client.request(request)).error).toBe(error);
      expect((await client.request({ command: 0, length: 512 })).error).toBe(0);
      client.close();
    }
  });

  test('block status that was not negotiated', async () => {
    const { where } = await serve();
    const client = await TestClient.connect(where, { structured: false });
    const { error } = await client.request({ command: COMMANDS.blockStatus, length: 512 });
    expect(error).toBe(EINVAL);
  });

  test('a write above the limit ends the connection', async () => {
    const { where } = await serve();
    const client = await TestClient.connect(where);
    const length = 64 * MIB + 512;
    await expect(client.request({ command: COMMANDS.write, length })).rejects.toThrow(/closed/);
  });

  test('everything fails with ESHUTDOWN once the lock is lost', async () => {
    const { disk, where } = await serve();
    const client = await TestClient.connect(where);
    disk.serving = false;
    const requests = [
      { command: 0, length: 512 },
      { command: 1, data: new Uint8Array(512) },
      { command: 3 },
    ];
    for (const request of requests) {
      expect((await client.request(request)).error).toBe(NBD_ERRORS.ESHUTDOWN);
    }
    expect(disk.bytes.every((byte) => byte === 0)).toBe(true);
  });
});

describe('data', () => {
  const step = fc.record({
    command: fc.constantFrom(0, 1, 1, 4, 6),
    sector: fc.nat(DISK_BYTES / 512 - 1),
    sectors: fc.oneof(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 120, max: 600 })),
    fill: fc.integer({ min: 1, max: 255 }),
    fua: fc.boolean(),
  });

  test.each([
    ['plain', {}, 0],
    ['with I/Os that end later', {}, 3],
    ['with a filter that defers', deferringHooks(), 4],
  ] as const)(
    'any sequence of requests does what a model does, %s',
    async (_, hooks, later) => {
      const { disk, where } = await serve(hooks);
      disk.laterEvery = later;
      const client = await TestClient.connect(where);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const model = Buffer.from(disk.bytes);
          for (const { command, sector, sectors, fill, fua } of steps) {
            const offset = sector * 512;
            const length = Math.min(sectors * 512, DISK_BYTES - offset);
            const flags = fua ? COMMAND_FLAGS.fua : 0;
            const data = command === 1 ? Buffer.alloc(length, fill) : undefined;
            const reply = await client.request({
              command,
              offset,
              length,
              flags,
              ...(data && { data }),
            });
            expect(reply.error).toBe(0);
            if (command === 0)
              expect(reply.data.equals(model.subarray(offset, offset + length))).toBe(true);
            else model.fill(data ?? 0, offset, offset + length);
          }
          expect(disk.bytes.equals(model)).toBe(true);
        }),
        { numRuns: 25 },
      );
      expect(disk.faults).toEqual([]);
    },
    60_000,
  );

  test('many requests at a time, small and large, cut anywhere on the way', async () => {
    const { disk, where } = await serve(deferringHooks());
    disk.laterEvery = 5;
    const client = await TestClient.connect(where);
    const sizes = [512, 4 * KIB, 60 * KIB, 64 * KIB, 200 * KIB];
    for (let round = 0; round < 6; round++) {
      const blocks = Array.from({ length: 32 }, (_, index) => {
        const length = sizes[(index + round) % sizes.length] ?? 512;
        return { offset: index * 256 * KIB, data: Buffer.alloc(length, round * 32 + index + 1) };
      });
      const writes = blocks.map((block) => client.request({ command: 1, ...block }));
      for (const { error } of await Promise.all(writes)) expect(error).toBe(0);
      const reads = blocks.map(({ offset, data }) =>
        client.request({ command: 0, offset, length: data.length }),
      );
      for (const [index, { data }] of (await Promise.all(reads)).entries()) {
        expect(data.equals(blocks[index]?.data ?? NOTHING)).toBe(true);
      }
    }
  }, 60_000);

  test('a client that reads late gets everything, and others are served meanwhile', async () => {
    const { disk, where } = await serve();
    disk.bytes.fill(0x6d);
    const slow = await TestClient.connect(where);
    slow.socket.pause();
    const lengths = Array.from({ length: 64 }, (_, index) =>
      index < 40 ? ([128 * KIB, 4 * KIB][index % 2] ?? 0) : MIB,
    );
    const replies = lengths.map((length, index) =>
      slow.request({ command: 0, offset: (index % 8) * MIB, length }),
    );
    const other = await TestClient.connect(where);
    expect((await other.request({ command: 0, length: 4096 })).error).toBe(0);
    slow.socket.resume();
    expect((await Promise.all(replies)).map(({ data }) => data.length)).toEqual(lengths);
    slow.close();
    other.close();
  }, 60_000);

  test('a client that leaves with I/O under way harms nobody', async () => {
    const { disk, where } = await serve(deferringHooks());
    disk.laterEvery = 2;
    for (let round = 0; round < 10; round++) {
      const client = await TestClient.connect(where);
      const gone = [0, 1, 2, 3, 4, 5].map((index) =>
        client
          .request({
            command: index % 2,
            offset: index * MIB,
            data: Buffer.alloc(index * 32 * KIB + 512),
          })
          .catch(() => 'lost'),
      );
      if (round % 2 === 0) await gone[0];
      client.close();
      await Promise.all(gone);
    }
    const client = await TestClient.connect(where);
    expect((await client.request({ command: 0, length: 64 * KIB })).error).toBe(0);
  });
});

describe('bad clients', () => {
  async function stillServes(where: Where): Promise<void> {
    const client = await TestClient.connect(where);
    expect((await client.request({ command: 0, length: 512 })).error).toBe(0);
    client.close();
  }

  /** Sends the bytes, in pieces, and waits until the server has closed or a moment has passed. */
  async function send(where: Where, bytes: Uint8Array, pieces: number): Promise<void> {
    const client = new TestClient(where);
    client.socket.on('error', () => undefined);
    const size = Math.max(1, Math.ceil(bytes.length / pieces));
    for (let at = 0; at < bytes.length; at += size)
      client.socket.write(bytes.subarray(at, at + size));
    client.socket.end();
    await new Promise((resolve) => client.socket.once('close', resolve));
  }

  const go = Buffer.concat([
    encodeClientFlags(3),
    encodeOption(OPTIONS.structuredReply, NOTHING),
    encodeOption(OPTIONS.go, encodeInfoRequest({ exportName: '', wanted: [] })),
  ]);
  const request = Buffer.from('25609513000000010102030405060708000000000000020000000200', 'hex');
  const whole = Buffer.concat([go, request, Buffer.alloc(512), request, Buffer.alloc(512)]);

  test('garbage, and whole conversations with damage anywhere, never stop the server', async () => {
    const { where } = await serve(deferringHooks());
    const garbage = fc.uint8Array({ maxLength: 200 });
    const afterGo = garbage.map((bytes) => Buffer.concat([go, bytes]));
    const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 5 });
    const damaged = edits.map((changes) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
    const cut = fc.nat(whole.length).map((length) => whole.subarray(0, length));
    const input = fc.oneof(garbage, afterGo, damaged, cut);
    await fc.assert(
      fc.asyncProperty(input, fc.integer({ min: 1, max: 5 }), async (bytes, pieces) => {
        await send(where, bytes, pieces);
      }),
      { numRuns: 150 },
    );
    await stillServes(where);
  }, 60_000);

  test('too many connections: the last is sent away, the others stay', async () => {
    const { where } = await serve();
    const clients = [];
    for (let count = 0; count < NBD_CONNECTIONS_MAX; count++) {
      clients.push(await TestClient.connect(where));
    }
    await expect(TestClient.connect(where)).rejects.toThrow();
    expect((await clients[0]?.request({ command: 0, length: 512 }))?.error).toBe(0);
    for (const client of clients) client.close();
  });
});

test('a large write that is whole while its disk is held is done after', async () => {
  const { disk, server, where } = await serve();
  const client = await TestClient.connect(where);
  const data = Buffer.alloc(256 * KIB, 7);
  const write = client.request({ command: COMMANDS.write, offset: 0, data, rest: 4 * KIB });
  await sleep(systemClock, 50);
  server.hold(disk);
  client.sendRest();
  await sleep(systemClock, 50);
  const behind = client.request({ command: COMMANDS.read, offset: 0, length: data.length });
  await sleep(systemClock, 50);
  server.release(disk);
  expect((await write).error).toBe(0);
  expect((await behind).data.equals(data)).toBe(true);
  client.close();
});
