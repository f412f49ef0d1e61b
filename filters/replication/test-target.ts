// For tests: a replication target in memory behind the filter's real daemon, all of it moved on by
// the test, step by step. It keeps the copy and every record, and can be lost and come back.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { DaemonConnection, DaemonContext, DaemonDisk } from '#lib/filter-sdk/filter.ts';
import type { FilterHarness } from '#lib/filter-sdk/filter-harness.ts';
import {
  encodeMessage,
  encodeSequence,
  encodeText,
  parseMessage,
} from '#lib/filter-sdk/replication-messages.ts';
import {
  checkPayload,
  parseRecordHeader,
  payloadBytes,
  RECORD_HEADER_BYTES,
  type RecordHeader,
} from '#lib/filter-sdk/replication-record.ts';
import { ReplicationDaemon } from './daemon/replication-daemon.ts';

type Listener = (message: Uint8Array) => void;

/** The copies of disks, which outlast harnesses and daemons. */
export class TestTarget {
  image: Uint8Array;
  durable = 0;
  /** The last record that was not a resync's was a moment of the disk. */
  needsResync = true;
  readonly records: RecordHeader[] = [];
  /** No connection is taken, and none lasts. */
  isAway = false;
  /** Nothing is acknowledged. */
  isSilent = false;
  refusal: string | null = null;
  /** Called behind each change after which the copy is to be a moment of the disk. */
  onMoment: () => void = () => undefined;
  /** It says that it takes compressed records. */
  takesPacked = false;
  /** Bodies of records as they came, in bytes. */
  receivedBytes = 0;
  /** Who opens under a lower one is replaced. */
  era = 1;
  #channels = new Map<number, (message: Uint8Array) => void>();
  #connections: { close(): void }[] = [];

  constructor(bytes: number) {
    this.image = new Uint8Array(bytes);
  }

  lose(): void {
    this.isAway = true;
    for (const connection of this.#connections.splice(0)) connection.close();
  }

  /** Acknowledges again, also what it has already. */
  speak(): void {
    this.isSilent = false;
    for (const [channel, answer] of this.#channels) {
      answer(encodeMessage('durable', channel, encodeSequence(this.durable)));
    }
  }

  /** Another virtual machine stands in from now on. */
  raiseEra(era: number): void {
    this.era = era;
    for (const [channel, answer] of this.#channels) {
      answer(encodeMessage('replaced', channel, encodeText('a failover has happened')));
    }
    this.#channels.clear();
  }

  connect(): DaemonConnection {
    if (this.isAway) throw new Error('nobody answers');
    let listener: Listener = () => undefined;
    let onClose = (): void => undefined;
    const answer = (message: Uint8Array): void => queueMicrotask(() => listener(message));
    const connection: DaemonConnection = {
      remoteAddress: '127.0.0.1',
      send: (message, more = new Uint8Array(0)) => {
        const whole = new Uint8Array(message.length + more.length);
        whole.set(message);
        whole.set(more, message.length);
        if (!this.isAway) this.#take(whole, answer);
        return !this.isAway;
      },
      onMessage: (to) => {
        listener = to;
      },
      onClose: (call) => {
        onClose = call;
      },
      close: () => onClose(),
    };
    this.#connections.push(connection);
    return connection;
  }

  #take(message: Uint8Array, answer: Listener): void {
    const { type, channel, body } = parseMessage(message);
    if (type === 'open' && this.refusal !== null) {
      answer(encodeMessage('refused', channel, encodeText(this.refusal)));
    } else if (type === 'open' && eraOf(body) < this.era) {
      answer(encodeMessage('replaced', channel, encodeText('a failover has happened')));
    } else if (type === 'open') {
      this.#channels.set(channel, answer);
      const { durable, needsResync } = this;
      const needsAll = durable === 0;
      const { takesPacked } = this;
      const sizeBytes = this.image.length;
      const opened = { durable, needsResync, needsAll, sizeBytes, takesPacked };
      answer(encodeMessage('opened', channel, encodeText(JSON.stringify(opened))));
    }
    if (type === 'close') this.#channels.delete(channel);
    const isRecords = type === 'records' || (type === 'packed' && this.takesPacked);
    if (!isRecords || !this.#channels.has(channel)) return;
    this.receivedBytes += body.length;
    this.#records(type === 'packed' ? zstdDecompressSync(body) : body);
    if (!this.isSilent) answer(encodeMessage('durable', channel, encodeSequence(this.durable)));
  }

  #records(body: Uint8Array): void {
    for (let at = 0; at < body.length; ) {
      const header = parseRecordHeader(body, at);
      const end = at + RECORD_HEADER_BYTES + payloadBytes(header);
      const data = body.subarray(at + RECORD_HEADER_BYTES, end);
      checkPayload(header, data);
      if (header.sequence > this.durable) this.#apply(header, data);
      at = end;
    }
  }

  #apply(header: RecordHeader, data: Uint8Array): void {
    const { kind, offset, length } = header;
    this.durable = header.sequence;
    this.records.push(header);
    if (kind === 'write') this.image.set(data, offset);
    if (kind === 'trim' || kind === 'writeZeroes') this.image.fill(0, offset, offset + length);
    if (kind === 'resyncBegin') this.needsResync = true;
    if (kind === 'resyncEnd') this.needsResync = false;
    if (!this.needsResync && length > 0 && kind !== 'mark') this.onMoment();
    if (kind !== 'grow' || offset <= this.image.length) return;
    const grown = new Uint8Array(offset);
    grown.set(this.image);
    this.image = grown;
  }
}

function eraOf(open: Uint8Array): number {
  const { era } = Object(JSON.parse(new TextDecoder().decode(open)));
  return Number(era);
}

/** The daemon between a disk's harness and a target. */
export class TestDaemon {
  readonly #harness: FilterHarness;
  #listener: Listener = () => undefined;
  #onClose = (): void => undefined;
  #read = 0;
  #isUp = true;

  constructor(harness: FilterHarness, target: TestTarget) {
    this.#harness = harness;
    this.#read = harness.daemon?.sent.length ?? 0;
    const disk: DaemonDisk = {
      diskId: 'disk-1',
      remoteAddress: '',
      send: (message) => {
        if (this.#isUp) harness.daemon?.deliver(message);
        return this.#isUp;
      },
      onMessage: (to) => {
        this.#listener = to;
      },
      onClose: (call) => {
        this.#onClose = call;
      },
      close: () => undefined,
    };
    const network: DaemonContext['network'] = {
      listen: () => Promise.reject(new Error('nobody listens here')),
      listenForPeers: () => Promise.reject(new Error('nobody listens here')),
      connect: async () => target.connect(),
      connectToPeer: () => Promise.reject(new Error('there are no peers')),
      onPeers: () => undefined,
    };
    new ReplicationDaemon({
      ...{ host: { id: 'host-1', name: 'host-1' }, clock: harness.clock, network },
      log: () => undefined,
      compress: async (bytes) => zstdCompressSync(bytes),
      onDisk: (listener) => listener(disk),
    });
  }

  /** It is killed; another one is to be made. */
  kill(): void {
    this.#isUp = false;
    this.#harness.daemon?.setConnected(false);
    this.#onClose();
  }

  /** Lets everything that can happen by itself happen. */
  async run(milliseconds = 20): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed++) {
      for (let turn = 0; turn < 20; turn++) {
        this.#deliver();
        await Promise.resolve();
      }
      this.#harness.clock.advance(1);
    }
    this.#deliver();
  }

  #deliver(): void {
    const sent = this.#harness.daemon?.sent ?? [];
    while (this.#isUp && this.#read < sent.length) {
      const message = sent[this.#read];
      this.#read += 1;
      if (message) this.#listener(message);
    }
  }
}
