// One connection of a source to a replication target: its disks' records go into their journals,
// and back goes how far they are durable.
import { zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import type { DaemonConnection } from '#lib/filter-sdk/filter.ts';
import {
  encodeMessage,
  encodeSequence,
  encodeText,
  MessageError,
  type MessageType,
  type OpenDisk,
  type OpenedDisk,
  parseMessage,
  RECORDS_BYTES_MAX,
} from '#lib/filter-sdk/replication-messages.ts';
import {
  checkPayload,
  parseRecordHeader,
  payloadBytes,
  RECORD_HEADER_BYTES,
  RecordError,
} from '#lib/filter-sdk/replication-record.ts';
import { Fault } from '#lib/model/fault.ts';
import { DISK_BYTES_MAX, SECTOR_BYTES } from '#lib/model/limits.ts';
import { ReplacedFault } from './replaced-fault.ts';
import type { ReplicaDisk } from './replica-disk.ts';

/** Disks over one connection. */
const CHANNELS_MAX = 4096;

const openSchema = z.object({
  diskId: z.string().min(1).max(1024),
  sizeBytes: z.number().int().positive().multipleOf(SECTOR_BYTES).max(DISK_BYTES_MAX),
  journal: z
    .object({ hours: z.number().positive().max(1e6), mib: z.number().nonnegative() })
    .optional(),
  era: z.number().int().positive().optional(),
});

export interface TargetLinkParts {
  connection: DaemonConnection;
  /** Opens the copy of a disk, or makes it; whoever sent to it before is cut off. Throws faults. */
  claim(disk: OpenDisk, link: TargetLink): Promise<ReplicaDisk>;
  /** It sends no more to that disk. */
  release(replica: ReplicaDisk, link: TargetLink): void;
  log(message: string): void;
}

interface Channel {
  replica: ReplicaDisk;
  /** The source knows eras. */
  hasEra: boolean;
  /** A sync that will tell the source. */
  syncing: boolean;
  /** More has come since it began. */
  more: boolean;
}

export class TargetLink {
  readonly #parts: TargetLinkParts;
  readonly #channels = new Map<number, Channel>();
  /** Messages are worked on in their order, although opening a disk takes time. */
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: TargetLinkParts) {
    this.#parts = parts;
    parts.connection.onMessage((message) => {
      this.#work = this.#work.then(() => this.#take(message));
    });
    parts.connection.onClose(() => {
      this.#closed = true;
      this.#work = this.#work.then(() => this.#dropAll());
    });
  }

  /** Another connection sends to the disk now. */
  cutOff(replica: ReplicaDisk): void {
    for (const [channel, open] of this.#channels) {
      if (open.replica === replica) this.#refuse(channel, 'another host sends this disk now');
    }
  }

  /** Its source is no longer the primary. */
  replace(replica: ReplicaDisk, { message }: ReplacedFault): void {
    for (const [channel, open] of this.#channels) {
      if (open.replica === replica) this.#refuse(channel, message, open.hasEra);
    }
  }

  async #take(message: Uint8Array): Promise<void> {
    if (this.#closed) return;
    try {
      const { type, channel, body } = parseMessage(message);
      if (type === 'open') await this.#open(channel, body);
      else if (type === 'records') this.#records(channel, body);
      else if (type === 'packed') this.#records(channel, unpacked(body));
      else if (type === 'close') this.#drop(channel);
      else throw new MessageError(`A source does not say "${type}".`);
    } catch (thrown) {
      // It does not speak our language: nothing more of it can be trusted.
      this.#parts.log(`connection cut off: ${String(thrown)}`);
      this.#parts.connection.close();
    }
  }

  async #open(channel: number, body: Uint8Array): Promise<void> {
    if (this.#channels.has(channel)) throw new MessageError(`Channel ${channel} is open.`);
    if (this.#channels.size >= CHANNELS_MAX) throw new MessageError('Too many channels are open.');
    const disk = openSchema.parse(JSON.parse(new TextDecoder().decode(body)));
    try {
      const replica = await this.#parts.claim(disk, this);
      const hasEra = disk.era !== undefined;
      this.#channels.set(channel, { replica, hasEra, syncing: false, more: false });
      this.#send('opened', channel, encodeText(JSON.stringify(openedOf(replica))));
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
      const isReplaced = thrown instanceof ReplacedFault && disk.era !== undefined;
      this.#send(isReplaced ? 'replaced' : 'refused', channel, encodeText(thrown.message));
    }
  }

  #records(channel: number, body: Uint8Array): void {
    const open = this.#channels.get(channel);
    // Those that were under way when the channel was refused.
    if (open === undefined) return;
    for (let at = 0; at < body.length; ) {
      const header = parseRecordHeader(body, at);
      const end = at + RECORD_HEADER_BYTES + payloadBytes(header);
      if (end > body.length) throw new RecordError('A record is cut off.');
      checkPayload(header, body.subarray(at + RECORD_HEADER_BYTES, end));
      open.replica.journal.append(header, body.subarray(at, end));
      at = end;
    }
    open.more = true;
    if (!open.syncing) void this.#sync(channel, open);
  }

  async #sync(channel: number, open: Channel): Promise<void> {
    open.syncing = true;
    try {
      while (open.more) {
        open.more = false;
        await open.replica.journal.sync();
        if (this.#channels.get(channel) !== open) return;
        this.#send('durable', channel, encodeSequence(open.replica.journal.durable));
      }
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      this.#refuse(channel, why);
    } finally {
      open.syncing = false;
    }
  }

  #refuse(channel: number, why: string, isReplaced = false): void {
    this.#parts.log(`channel ${channel} ends: ${why}`);
    this.#send(isReplaced ? 'replaced' : 'refused', channel, encodeText(why));
    this.#drop(channel);
  }

  #drop(channel: number): void {
    const open = this.#channels.get(channel);
    this.#channels.delete(channel);
    if (open !== undefined) this.#parts.release(open.replica, this);
  }

  #dropAll(): void {
    for (const channel of [...this.#channels.keys()]) this.#drop(channel);
  }

  #send(type: MessageType, channel: number, body: Uint8Array): void {
    this.#parts.connection.send(encodeMessage(type, channel, body));
  }
}

function openedOf({ journal, moments }: ReplicaDisk): OpenedDisk {
  const { durable } = journal;
  const { needsResync, needsAll } = moments;
  const sizeBytes = moments.sizeAt(durable);
  const all = needsAll || durable === 0;
  return { durable, needsResync, needsAll: all, sizeBytes, takesPacked: true };
}

/** Throws `MessageError` also when it would be longer than a message may be. */
function unpacked(body: Uint8Array): Uint8Array {
  try {
    return zstdDecompressSync(body, { maxOutputLength: RECORDS_BYTES_MAX });
  } catch (cause) {
    throw new MessageError(`What is packed cannot be unpacked: ${String(cause)}`);
  }
}
