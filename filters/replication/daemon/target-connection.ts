// The connection to one replication target: made again with back-off when it is lost, and shared by
// the channels of all disks that go there.
import { backoffMs } from '#lib/base/backoff.ts';
import type {
  DaemonConnection,
  DaemonContext,
  DaemonPsk,
  FilterTimer,
} from '#lib/filter-sdk/filter.ts';
import {
  encodeHead,
  type MessageType,
  parseMessage,
  type ReplicationMessage,
} from '#lib/filter-sdk/replication-messages.ts';

const RECONNECT = { firstMs: 200, maxMs: 5_000 };
/** What may be sent and not yet acknowledged, over all channels, in bytes. */
const UNDER_WAY_BYTES_MAX = 24 * 1024 * 1024;

/** A target that was asked something and says nothing for so long is gone, in milliseconds. */
const SILENCE_MAX_MS = 30_000;
const LOOK_MS = 5_000;

/** A disk's end of it. */
export interface ConnectionUser {
  connected(): void;
  lost(why: string): void;
  take(message: ReplicationMessage): void;
  /** There is room again. */
  pump(): void;
}

export interface TargetConnectionParts {
  context: DaemonContext;
  place: { address: string; port: number };
  psk: DaemonPsk;
  /** Nobody uses it any more. */
  onUnused(): void;
}

export class TargetConnection {
  readonly #parts: TargetConnectionParts;
  readonly #users = new Map<number, ConnectionUser>();
  #nextChannel = 1;
  #connection: DaemonConnection | null = null;
  #why = '';
  #attempt = 0;
  #timer: FilterTimer | null = null;
  #isClosed = false;
  #underWay = 0;
  /** Since when an answer is due; null when none is. */
  #dueSince: number | null = null;
  #look: FilterTimer | null = null;

  constructor(parts: TargetConnectionParts) {
    this.#parts = parts;
    void this.#connect();
  }

  get isConnected(): boolean {
    return this.#connection !== null;
  }

  /** Why there is no connection. */
  get why(): string {
    return this.#why;
  }

  get hasRoom(): boolean {
    return this.#underWay < UNDER_WAY_BYTES_MAX;
  }

  /** Bytes more, or less, are under way. */
  count(bytes: number): void {
    const hadRoom = this.hasRoom;
    this.#underWay += bytes;
    if (hadRoom || !this.hasRoom) return;
    for (const user of this.#users.values()) user.pump();
  }

  /** A channel number that nobody had on this connection. */
  join(user: ConnectionUser): number {
    const channel = this.#nextChannel;
    this.#nextChannel += 1;
    this.#users.set(channel, user);
    return channel;
  }

  /** The target no longer hears of that channel, and who had it nothing from it. */
  leave(channel: number): void {
    this.send('close', channel);
    this.#users.delete(channel);
    if (this.#users.size === 0 && !this.#isClosed) this.#parts.onUnused();
  }

  /** As `leave` and `join`, for a channel that the target has ended. */
  renew(channel: number, user: ConnectionUser): number {
    const next = this.join(user);
    this.leave(channel);
    return next;
  }

  /** False when it is not connected, or too much waits already. */
  send(type: MessageType, channel: number, body?: Uint8Array): boolean {
    const connection = this.#connection;
    if (connection === null || !connection.send(encodeHead(type, channel), body)) return false;
    if (type !== 'close') this.#expect();
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#look?.cancel();
    this.#connection?.close();
    this.#connection = null;
  }

  async #connect(): Promise<void> {
    const { context, place, psk } = this.#parts;
    try {
      const connection = await context.network.connect(place.address, place.port, psk);
      if (this.#isClosed) {
        connection.close();
        return;
      }
      this.#attempt = 0;
      this.#connection = connection;
      connection.onMessage((bytes) => this.#take(connection, bytes));
      connection.onClose(() => this.#lost(connection));
      for (const user of this.#users.values()) user.connected();
    } catch (thrown) {
      this.#away(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  #take(connection: DaemonConnection, bytes: Uint8Array): void {
    try {
      const message = parseMessage(bytes);
      this.#users.get(message.channel)?.take(message);
      this.#dueSince = this.#underWay > 0 ? this.#parts.context.clock.monotonic() : null;
    } catch (thrown) {
      // It does not speak our language: nothing more of it can be trusted.
      this.#parts.context.log('warning', `connection cut off: ${String(thrown)}`);
      connection.close();
    }
  }

  #lost(connection: DaemonConnection, why = 'the connection was lost'): void {
    if (connection !== this.#connection) return;
    this.#connection = null;
    this.#dueSince = null;
    this.#away(why);
  }

  /** A machine that is gone ends no connection: its silence has to be noticed. */
  #expect(): void {
    const { clock } = this.#parts.context;
    this.#dueSince ??= clock.monotonic();
    this.#look ??= clock.after(LOOK_MS, () => {
      this.#look = null;
      const connection = this.#connection;
      if (connection === null || this.#dueSince === null) return;
      if (clock.monotonic() - this.#dueSince < SILENCE_MAX_MS) {
        this.#expect();
        return;
      }
      this.#lost(connection, `the target has said nothing for ${SILENCE_MAX_MS / 1000} s`);
      connection.close();
    });
  }

  #away(why: string): void {
    if (this.#isClosed) return;
    this.#why = why;
    this.#underWay = 0;
    for (const user of [...this.#users.values()]) user.lost(why);
    const wait = backoffMs(RECONNECT, this.#attempt);
    this.#attempt += 1;
    this.#timer = this.#parts.context.clock.after(wait, () => void this.#connect());
  }
}
