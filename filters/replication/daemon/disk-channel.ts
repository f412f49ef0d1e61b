// One disk's records on their way to its target: kept until the target has them durably, so that
// after a lost connection nothing is missing, and sent no faster than the policy says. How much
// that can become is bounded by the disk's filter, which gives up what is not acknowledged.
import type { DaemonContext, DaemonDisk, FilterTimer } from '#lib/filter-sdk/filter.ts';
import {
  encodeText,
  type OpenedDisk,
  parseSequence,
  type ReplicationMessage,
} from '#lib/filter-sdk/replication-messages.ts';
import { sealRecord, sequenceOfRecord } from '#lib/filter-sdk/replication-record.ts';
import {
  type ChannelSettings,
  encodeDurable,
  encodeJson,
  type OpenedMessage,
  type OpenMessage,
} from '../messages.ts';
import { Bandwidth } from './bandwidth.ts';
import type { ConnectionUser, TargetConnection } from './target-connection.ts';

/** Before a channel that the target has refused is opened again, in milliseconds. */
const AGAIN_MS = 1_000;
/** Records of fewer bytes are not worth compressing. */
const PACKED_BYTES_MIN = 512;

export interface DiskChannelParts {
  disk: DaemonDisk;
  open: OpenMessage;
  target: TargetConnection;
  clock: DaemonContext['clock'];
  /** Absent on a host that cannot. */
  compress?: DaemonContext['compress'];
}

/** Records that came together. */
interface Batch {
  records: Uint8Array;
  /** The number of the last one. */
  last: number;
  /** The same compressed; null while that is being done, and the records when it is of no use. */
  packed: Uint8Array | null;
}

export class DiskChannel implements ConnectionUser {
  readonly #parts: DiskChannelParts;
  #settings: ChannelSettings;
  #channel: number;
  /** Not known to be durable, in order; the first `#sent` of them are on their way. */
  #batches: Batch[] = [];
  #sent = 0;
  #isOpen = false;
  #wasOpen = false;
  #isClosed = false;
  /** The timer is for opening it again. */
  #isRefused = false;
  #takesPacked = false;
  readonly #bandwidth: Bandwidth;
  #timer: FilterTimer | null = null;

  constructor(parts: DiskChannelParts) {
    this.#parts = parts;
    this.#settings = parts.open;
    this.#bandwidth = new Bandwidth(parts.clock.monotonic());
    const { target } = parts;
    this.#channel = target.join(this);
    if (target.isConnected) this.connected();
    else if (target.why !== '') this.#tellAway(target.why);
  }

  /** Records of the disk, without their checksums. */
  add(records: Uint8Array): void {
    let last = 0;
    for (let at = 0; at < records.length; ) {
      last = sequenceOfRecord(records, at);
      at = sealRecord(records, at);
    }
    if (last === 0) return;
    const batch: Batch = { records, last, packed: records };
    this.#batches.push(batch);
    if (this.#settings.compress && records.length >= PACKED_BYTES_MIN) this.#pack(batch);
    this.pump();
  }

  change(settings: ChannelSettings): void {
    this.#settings = settings;
    if (!this.#isRefused) this.#stopWaiting();
    this.pump();
  }

  connected(): void {
    this.#stopWaiting();
    this.#isRefused = false;
    const { replicaId: diskId, sizeBytes, era } = this.#parts.open;
    const { journal } = this.#settings;
    const hello = encodeText(JSON.stringify({ diskId, sizeBytes, journal, era }));
    this.#parts.target.send('open', this.#channel, hello);
  }

  lost(why: string): void {
    this.#isOpen = false;
    this.#sent = 0;
    this.#tellAway(why);
  }

  take({ type, body }: ReplicationMessage): void {
    if (type === 'opened') this.#opened(body);
    if (type === 'durable') {
      const sequence = parseSequence(body);
      this.#drop(sequence);
      this.#parts.disk.send(encodeDurable(sequence));
      this.pump();
    }
    if (type === 'refused') this.#refused(new TextDecoder().decode(body));
    if (type === 'replaced') this.#replaced(new TextDecoder().decode(body));
  }

  pump(): void {
    const { target } = this.#parts;
    while (this.#isOpen && this.#sent < this.#batches.length && target.hasRoom) {
      const batch = this.#batches[this.#sent];
      if (batch === undefined || batch.packed === null || !this.#mayGo()) return;
      const isPacked = batch.packed !== batch.records && this.#takesPacked;
      const body = isPacked ? batch.packed : batch.records;
      if (!target.send(isPacked ? 'packed' : 'records', this.#channel, body)) return;
      this.#bandwidth.sent(body.length);
      this.#sent += 1;
      target.count(batch.records.length);
    }
  }

  /** The disk is closed, or begins anew. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isOpen = false;
    this.#timer?.cancel();
    const { target } = this.#parts;
    this.#forgetSent();
    target.leave(this.#channel);
  }

  #opened(body: Uint8Array): void {
    const { disk, open } = this.#parts;
    const said: OpenedDisk = JSON.parse(new TextDecoder().decode(body));
    this.#takesPacked = said.takesPacked === true;
    const opened: OpenedMessage = {
      ...said,
      attempt: open.attempt,
      again: this.#wasOpen,
    };
    this.#isOpen = true;
    this.#wasOpen = true;
    this.#drop(opened.durable);
    disk.send(encodeJson('opened', opened));
    this.pump();
  }

  #refused(why: string): void {
    const { target, clock } = this.#parts;
    this.#forgetSent();
    this.#isOpen = false;
    this.#tellAway(why);
    this.#channel = target.renew(this.#channel, this);
    this.#stopWaiting();
    this.#isRefused = true;
    this.#timer = clock.after(AGAIN_MS, () => {
      this.#timer = null;
      if (target.isConnected && !this.#isOpen) this.connected();
    });
  }

  /** Asking again has no use: only another era is taken, with which the disk opens anew. */
  #replaced(why: string): void {
    const { target, disk, open } = this.#parts;
    this.#forgetSent();
    this.#isOpen = false;
    disk.send(encodeJson('replaced', { attempt: open.attempt, why }));
    this.#channel = target.renew(this.#channel, this);
  }

  #drop(sequence: number): void {
    let done = 0;
    let bytes = 0;
    while (done < this.#batches.length) {
      const batch = this.#batches[done];
      if (batch === undefined || batch.last > sequence) break;
      if (done < this.#sent) bytes += batch.records.length;
      done += 1;
    }
    if (done === 0) return;
    this.#batches.splice(0, done);
    this.#sent = Math.max(0, this.#sent - done);
    this.#parts.target.count(-bytes);
  }

  /** What was sent on this channel will not be acknowledged on it. */
  #forgetSent(): void {
    const bytes = this.#batches
      .slice(0, this.#sent)
      .reduce((sum, { records }) => sum + records.length, 0);
    this.#sent = 0;
    if (bytes > 0) this.#parts.target.count(-bytes);
  }

  #tellAway(why: string): void {
    const { disk, open } = this.#parts;
    disk.send(encodeJson('away', { attempt: open.attempt, why }));
  }

  /** Whether the bandwidth has something left; it asks again by itself when not. */
  #mayGo(): boolean {
    const { clock } = this.#parts;
    const time = { monotonic: clock.monotonic(), now: clock.now() };
    const waitMs = this.#bandwidth.waitMs(this.#settings, time);
    if (waitMs === 0) return true;
    this.#timer ??= clock.after(waitMs, () => {
      this.#timer = null;
      this.pump();
    });
    return false;
  }

  /** Goes on, in its order, when that is done. */
  #pack(batch: Batch): void {
    const { compress } = this.#parts;
    if (compress === undefined) return;
    batch.packed = null;
    compress(batch.records)
      .then((packed) => {
        batch.packed = packed.length < batch.records.length ? packed : batch.records;
      })
      .catch(() => {
        // It goes as it is.
        batch.packed = batch.records;
      })
      .then(() => {
        if (!this.#isClosed) this.pump();
      });
  }

  #stopWaiting(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
