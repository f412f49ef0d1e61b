// One connection to an NBD server in its transmission phase: many requests under way, those of one
// turn of the loop sent together, each answered once or given back when the connection ends.
import type { Clock } from '#lib/base/clock.ts';
import { COMMANDS, REQUEST_HEADER_BYTES } from '#lib/formats/nbd/constants.ts';
import { writeRequest } from '#lib/formats/nbd/transmission.ts';
import { Fault } from '#lib/model/fault.ts';
import { ByteSource } from './byte-source.ts';
import { type ServerInfo, shakeHands } from './client-handshake.ts';
import { formatNbdUri, type NbdTarget } from './nbd-address.ts';
import { ReplyParser } from './reply-parser.ts';
import type { WireTask } from './wire-task.ts';

const UINT32 = 0x1_0000_0000;

export interface LinkParts {
  clock: Clock;
  /** Connecting and the handshake may each take so long, in milliseconds. */
  timeoutMs: number;
}

export class NbdLink {
  readonly info: ServerInfo;
  readonly #source: ByteSource;
  readonly #clock: Clock;
  readonly #underWay = new Map<number, WireTask>();
  readonly #parser: ReplyParser;
  #cookie = 0;
  #corked = false;
  #onEnd: (reason: string, unanswered: WireTask[]) => void = () => undefined;

  private constructor(source: ByteSource, info: ServerInfo, clock: Clock) {
    this.#source = source;
    this.info = info;
    this.#clock = clock;
    this.#parser = new ReplyParser({
      find: (high, low) => (high === 0 ? (this.#underWay.get(low) ?? null) : null),
      ended: (cookie, task) => {
        this.#underWay.delete(cookie);
        task.owner.taskDone(task, task.error);
      },
    });
    source.onBytes = (bytes) => this.#take(bytes);
    source.onEnd = (reason) => this.#ended(reason);
  }

  /** Throws `CannotOpenDisk` when the server cannot be reached, refuses, or does not speak NBD. */
  static async connect({ place, exportName }: NbdTarget, parts: LinkParts): Promise<NbdLink> {
    const { clock, timeoutMs } = parts;
    let source: ByteSource | null = null;
    try {
      source = await ByteSource.connect(place, clock, timeoutMs);
      const { info, rest } = await shakeHands(source, exportName, { clock, timeoutMs });
      const link = new NbdLink(source, info, clock);
      if (rest.length > 0) link.#take(rest);
      return link;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      source?.end(why);
      const where = formatNbdUri({ place, exportName });
      throw new Fault('CannotOpenDisk', `The block device ${where} cannot be opened: ${why}.`, {
        cause,
      });
    }
  }

  /** Called once, with the requests that have no answer in the order in which they were sent. */
  onEnd(callback: (reason: string, unanswered: WireTask[]) => void): void {
    this.#onEnd = callback;
    if (this.#source.ended !== null) this.#ended(this.#source.ended);
  }

  /** For how long the oldest request has been without an answer, in milliseconds. */
  oldestMs(): number {
    for (const { sentAt } of this.#underWay.values()) return this.#clock.monotonic() - sentAt;
    return 0;
  }

  /** After the end of the connection the request comes back by `onEnd`, or was given back. */
  send(task: WireTask): void {
    const cookieLow = this.#nextCookie();
    task.sentAt = this.#clock.monotonic();
    this.#underWay.set(cookieLow, task);
    if (this.#source.ended !== null) return;
    const { flags, command, offset, length } = task;
    this.#write({ flags, command, offset, length, cookieHigh: 0, cookieLow });
    if (command !== COMMANDS.write) return;
    this.#source.socket.write(task.buffer.subarray(task.start, task.start + length));
  }

  /** Says good-bye; nothing may be under way. */
  close(): void {
    this.#onEnd = () => undefined;
    const nothing = { flags: 0, offset: 0, length: 0, cookieHigh: 0, cookieLow: 0 };
    if (this.#source.ended === null) this.#write({ ...nothing, command: COMMANDS.disconnect });
    this.#source.onEnd = () => undefined;
    this.#source.socket.end();
    // A server that does not close its side keeps no socket of ours.
    this.#clock.after(1000, () => this.#source.end('closed'));
  }

  /** Ends the connection at once; what is under way comes back by `onEnd`. */
  abort(reason: string): void {
    this.#source.end(reason);
  }

  #write(request: Parameters<typeof writeRequest>[2]): void {
    const { socket } = this.#source;
    const header = Buffer.allocUnsafe(REQUEST_HEADER_BYTES);
    writeRequest(new DataView(header.buffer, header.byteOffset, header.length), 0, request);
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      queueMicrotask(() => {
        this.#corked = false;
        socket.uncork();
      });
    }
    socket.write(header);
  }

  #nextCookie(): number {
    do this.#cookie = (this.#cookie + 1) % UINT32;
    while (this.#underWay.has(this.#cookie));
    return this.#cookie;
  }

  #take(bytes: Buffer): void {
    try {
      this.#parser.take(bytes);
    } catch (error) {
      this.#source.end(error instanceof Error ? error.message : String(error));
    }
  }

  #ended(reason: string): void {
    const unanswered = [...this.#underWay.values()];
    this.#underWay.clear();
    this.#onEnd(reason, unanswered);
  }
}
