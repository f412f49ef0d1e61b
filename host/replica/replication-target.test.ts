// Tests of a replication target as its sources and its readers meet it: a real process, killed at
// any time, real TLS, and moments that nbdcopy reads.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import {
  encodeMessage,
  encodeText,
  parseMessage,
  parseSequence,
} from '#lib/filter-sdk/replication-messages.ts';
import { encodeRecord, type RecordKind } from '#lib/filter-sdk/replication-record.ts';
import type { Rpc } from '#lib/wire/agent/rpc.ts';
import type { Pairing } from '#lib/wire/agent/target-pairing.ts';
import {
  newPairingCode,
  queryReplicas,
  raiseEra,
  serveMoment,
  stopServingMoment,
} from '#lib/wire/agent/target-rpc.ts';
import { FramedConnection } from '../filter-daemon/framed-connection.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { callPeer } from '../volumes/rpc-client.ts';
import { haveTools, mustRun } from '../world/test-peers.ts';
import { connectPsk } from './psk-tls.ts';
import { pairWithTarget } from './replication-target.ts';

const PATIENT = { timeout: 240_000 };
const SECTOR = 512;
const SIZE = 4096 * SECTOR;
const DISK = 'db01/db01.vmdk';
const TOKEN = 'a token for the tests of the target';
const readySchema = z.object({ port: z.number(), rpcPort: z.number(), nbdPort: z.number() });

let directory = '';
let child: ChildProcess | null = null;
let ports = { port: 0, rpcPort: 0, nbdPort: 0 };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-target-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const entry = join(import.meta.dirname, 'target-main.ts');
  const args = ['--directory', join(directory, 'copies'), '--segment-mib', '1'];
  const started = fork(entry, args, {
    env: { ...process.env, SLUICE_TARGET_TOKEN: TOKEN, SLUICE_LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child = started;
  const message = await new Promise<unknown>((resolve, reject) => {
    started.once('message', resolve).once('exit', () => reject(new Error('it has ended')));
  });
  ports = readySchema.parse(message);
}

async function killHard(): Promise<void> {
  const dying = child;
  child = null;
  if (dying === null) return;
  const gone = new Promise((resolve) => dying.once('exit', resolve));
  dying.kill('SIGKILL');
  await gone;
}

function call<In extends z.ZodType, Out extends z.ZodType>(rpc: Rpc<In, Out>, input: z.input<In>) {
  const place = { host: '127.0.0.1', port: ports.rpcPort };
  return callPeer({ place, token: TOKEN }, rpc, input);
}

async function pair(): Promise<Pairing> {
  const { code } = await call(newPairingCode, {});
  return pairWithTarget({ host: '127.0.0.1', port: ports.port }, code.toLowerCase());
}

/** Sends one disk's records, and knows what each moment must be. */
class Source {
  readonly records: { sequence: number; bytes: Uint8Array; apply(disk: Buffer): void }[] = [];
  durable = 0;
  readonly #random = new SeededRandom(5);

  constructor() {
    this.#add('resyncBegin', 0, 0);
    this.#add('resyncEnd', 0, 0);
  }

  more(count: number): void {
    const random = this.#random;
    for (let made = 0; made < count; made++) {
      const sector = random.below(SIZE / SECTOR - 128);
      const kinds: RecordKind[] = ['write', 'write', 'write', 'writeZeroes', 'trim'];
      this.#add(random.pick(kinds), sector * SECTOR, (1 + random.below(127)) * SECTOR);
    }
  }

  at(sequence: number): Buffer {
    const disk = Buffer.alloc(SIZE);
    for (const record of this.records) if (record.sequence <= sequence) record.apply(disk);
    return disk;
  }

  /** Sends what the target does not have, until it has all, or the connection ends. */
  async send(pairing: Pairing): Promise<void> {
    const key = Buffer.from(pairing.key, 'hex');
    const place = { host: '127.0.0.1', port: ports.port };
    const socket = await connectPsk({ ...place, identity: pairing.id, key });
    const connection = new FramedConnection(socket, () => undefined);
    const newest = this.records.at(-1)?.sequence ?? 0;
    const ended = new Promise<void>((resolve, reject) => {
      connection.onClose(() => reject(new Error('the connection has ended')));
      connection.onMessage((message) => {
        const { type, body } = parseMessage(message);
        if (type === 'refused') reject(new Error(new TextDecoder().decode(body)));
        if (type === 'opened') {
          const { durable } = JSON.parse(new TextDecoder().decode(body));
          expect(durable).toBeGreaterThanOrEqual(this.durable);
          for (const { sequence, bytes } of this.records) {
            if (sequence <= durable) continue;
            const isPacked = sequence % 2 === 0;
            const sent = isPacked ? zstdCompressSync(bytes) : bytes;
            connection.send(encodeMessage(isPacked ? 'packed' : 'records', 7, sent));
          }
          if (durable === newest) resolve();
        }
        if (type === 'durable') this.durable = parseSequence(body);
        if (type === 'durable' && this.durable === newest) resolve();
      });
    });
    const hello = JSON.stringify({ diskId: DISK, sizeBytes: SIZE });
    connection.send(encodeMessage('open', 7, encodeText(hello)));
    await ended.finally(() => socket.destroy());
  }

  #add(kind: RecordKind, offset: number, length: number): void {
    const sequence = (this.records.at(-1)?.sequence ?? 0) + 1;
    const data = kind === 'write' ? this.#random.bytes(length) : new Uint8Array(0);
    const header = { kind, session: 1, sequence, timeUs: sequence * 1000, offset, length };
    const apply = (disk: Buffer): void => {
      if (kind === 'write') disk.set(data, offset);
      else disk.fill(0, offset, offset + length);
    };
    this.records.push({ sequence, bytes: encodeRecord(header, data), apply });
  }
}

test(
  'what was acknowledged survives kill -9, and every moment reads as it was',
  PATIENT,
  async () => {
    if (!haveTools('nbdcopy')) return;
    await start();
    const pairing = await pair();
    const source = new Source();
    const random = new SeededRandom(3);
    for (let round = 0; round < 4; round++) {
      source.more(120);
      const sending = source.send(pairing).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, random.below(150)));
      await killHard();
      await sending;
      await start();
    }
    await source.send(pairing);
    const { replicas } = await call(queryReplicas, {});
    expect(replicas).toMatchObject([{ diskId: DISK, durable: source.durable, needsResync: false }]);
    for (let tries = 0; tries < 5; tries++) {
      const sequence = 2 + random.below(source.durable - 1);
      const at = tries % 2 === 0 ? { sequence } : { timeUs: sequence * 1000 + 500 };
      const { moment, nbdPort } = await call(serveMoment, { diskId: DISK, at });
      expect(moment).toMatchObject({ sequence, sizeBytes: SIZE });
      const file = join(directory, 'moment.raw');
      await mustRun('nbdcopy', [`nbd://127.0.0.1:${nbdPort}/${moment.exportName}`, file]);
      expect((await readFile(file)).equals(source.at(sequence)), `record ${sequence}`).toBe(true);
      await call(stopServingMoment, { exportName: moment.exportName });
    }
    expect((await call(queryReplicas, {})).moments).toEqual([]);
  },
);

test('only who has paired gets through, and a code is good once', PATIENT, async () => {
  await start();
  const place = { host: '127.0.0.1', port: ports.port };
  const { code } = await call(newPairingCode, {});
  await expect(pairWithTarget(place, 'AAAAA-AAAAA-AAAAA-AAAAA')).rejects.toThrow('does not know');
  const pairing = await pairWithTarget(place, code);
  await expect(pairWithTarget(place, code)).rejects.toThrow('cannot be reached');
  const key = Buffer.alloc(32, 1);
  await expect(connectPsk({ ...place, identity: pairing.id, key })).rejects.toThrow();
  await killHard();
  await start();
  const again = { host: '127.0.0.1', port: ports.port, identity: pairing.id };
  const socket = await connectPsk({ ...again, key: Buffer.from(pairing.key, 'hex') });
  socket.destroy();
});

test('an era that is over is refused by name, also after a kill', PATIENT, async () => {
  await start();
  const pairing = await pair();
  const source = new Source();
  source.more(3);
  await source.send(pairing);
  const known = await openAs(pairing, 1);
  expect(await known.next()).toBe('opened');
  expect(await call(raiseEra, { diskId: DISK, era: 2 })).toEqual({ era: 2, durable: 5 });
  expect(await known.next()).toBe('replaced');
  await killHard();
  await start();
  expect(await call(raiseEra, { diskId: DISK, era: 1 })).toEqual({ era: 2, durable: 5 });
  expect(await (await openAs(pairing, 1)).next()).toBe('replaced');
  // Who knows no eras is of the first one.
  expect(await (await openAs(pairing, undefined)).next()).toBe('refused');
  expect(await (await openAs(pairing, 3)).next()).toBe('opened');
  expect((await call(queryReplicas, {})).replicas).toMatchObject([{ era: 3, durable: 5 }]);
});

/** Opens the disk's copy under an era; `next` is the type of what the target says then. */
async function openAs(pairing: Pairing, era: number | undefined) {
  const place = { host: '127.0.0.1', port: ports.port, identity: pairing.id };
  const socket = await connectPsk({ ...place, key: Buffer.from(pairing.key, 'hex') });
  socket.on('error', () => undefined);
  const said: string[] = [];
  let tell = (): void => undefined;
  const connection = new FramedConnection(socket, () => undefined);
  connection.onMessage((message) => {
    said.push(parseMessage(message).type);
    tell();
  });
  const hello = JSON.stringify({ diskId: DISK, sizeBytes: SIZE, era });
  connection.send(encodeMessage('open', 1, encodeText(hello)));
  return {
    async next(): Promise<string | undefined> {
      while (said.length === 0) {
        await new Promise<void>((resolve) => {
          tell = resolve;
        });
      }
      return said.shift();
    },
  };
}

test('a source that speaks nonsense is cut off, and the others are not', PATIENT, async () => {
  await start();
  const pairing = await pair();
  const key = Buffer.from(pairing.key, 'hex');
  for (const bytes of [
    new Uint8Array([1, 2]),
    new Uint8Array([99, 0, 0, 0, 0]),
    encodeMessage('open', 1, encodeText('{')),
    encodeMessage('open', 1, encodeText('{"diskId":"","sizeBytes":7}')),
    encodeMessage('durable', 1),
    encodeMessage('packed', 1, encodeText('no frame of zstd')),
    // More than a message may have, in a few bytes.
    encodeMessage('packed', 1, zstdCompressSync(Buffer.alloc(64 * 1024 * 1024))),
  ]) {
    const place = { host: '127.0.0.1', port: ports.port };
    const socket = await connectPsk({ ...place, identity: pairing.id, key });
    const connection = new FramedConnection(socket, () => undefined);
    const closed = new Promise<void>((resolve) => connection.onClose(resolve));
    connection.send(bytes);
    await closed;
  }
  const source = new Source();
  source.more(3);
  await source.send(pairing);
  expect(source.durable).toBe(5);
});
