// A client's stream stays in order however its requests are cut on the way, and however often the
// disk is held and let go meanwhile.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '#lib/base/system-clock.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import { KIB, MIB } from '#lib/model/limits.ts';
import { NbdServer } from './nbd-server.ts';
import { TestClient, type Where } from './test-client.ts';
import { MemoryExport } from './test-export.ts';

const DISK_BYTES = MIB;

let disk: MemoryExport;
let server: NbdServer;
let where: Where;

beforeAll(async () => {
  disk = new MemoryExport(DISK_BYTES);
  server = new NbdServer({ exports: [disk], clock: systemClock, log: () => undefined });
  const port = await server.listenTcp({ host: '127.0.0.1', port: 0 });
  where = { host: '127.0.0.1', port };
});

afterAll(() => server.close());

/** Enough turns of the loop for what was sent to arrive and be worked on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const steps = fc.array(
  fc.oneof(
    fc.constant('hold' as const),
    fc.constant('release' as const),
    fc.integer({ min: 1, max: 60 * KIB }),
  ),
  { minLength: 2, maxLength: 12 },
);
const writes = fc.array(
  fc.record({
    offset: fc.integer({ min: 0, max: DISK_BYTES / 1024 - 200 }).map((at) => at * 1024),
    length: fc.oneof(
      fc.integer({ min: 128, max: 400 }).map((sectors) => sectors * 512),
      fc.integer({ min: 1, max: 128 }).map((sectors) => sectors * 512),
    ),
    fill: fc.integer({ min: 0, max: 255 }),
    steps,
  }),
  { minLength: 1, maxLength: 4 },
);

test('writes cut anywhere arrive whole, while the disk is held and let go', async () => {
  await fc.assert(
    fc.asyncProperty(writes, async (requests) => {
      const client = await TestClient.connect(where);
      const wanted = Buffer.from(disk.bytes);
      const replies = [];
      for (const { offset, length, fill, steps: stepsOfOne } of requests) {
        // No two bytes near each other are equal, so that one out of its place shows.
        const data = Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + fill) % 251));
        data.copy(wanted, offset);
        replies.push(client.request({ command: COMMANDS.write, offset, data, rest: length }));
        for (const step of stepsOfOne) {
          if (step === 'hold') server.hold(disk);
          else if (step === 'release') server.release(disk);
          else client.sendRest(step);
          await settle();
        }
        client.sendRest();
      }
      server.release(disk);
      for (const reply of replies) expect((await reply).error).toBe(0);
      expect(disk.bytes.equals(wanted)).toBe(true);
      client.close();
    }),
    { numRuns: 50 },
  );
}, 120_000);

test('what comes of a large write while its disk is held stands before later bytes', async () => {
  const client = await TestClient.connect(where);
  const data = Buffer.from(Uint8Array.from({ length: 128 * KIB }, (_, at) => (at * 31) % 251));
  server.hold(disk);
  const reply = client.request({ command: COMMANDS.write, offset: 0, data, rest: 118 * KIB });
  await settle();
  // Begun by the release, not by bytes that arrive: those still come in behind the header.
  server.release(disk);
  server.hold(disk);
  client.sendRest(20 * KIB);
  await settle();
  server.release(disk);
  client.sendRest();
  const behind = client.request({ command: COMMANDS.read, offset: 0, length: data.length });
  expect((await reply).error).toBe(0);
  expect((await behind).data.equals(data)).toBe(true);
  client.close();
});
