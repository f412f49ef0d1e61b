// The client's side of the NBD handshake: fixed newstyle, structured replies and base:allocation
// where the server has them, its block sizes, and NBD_OPT_GO.
import type { Clock } from '#lib/base/clock.ts';
import {
  BASE_ALLOCATION,
  FLAG_FIXED_NEWSTYLE,
  FLAG_NO_ZEROES,
  GREETING_BYTES,
  INFO_TYPES,
  OPTION_REPLIES,
  OPTIONS,
} from '#lib/formats/nbd/constants.ts';
import {
  decodeBlockSizeInfo,
  decodeExportInfo,
  decodeGreeting,
  decodeMetaContextReply,
  decodeOptionReply,
  encodeClientFlags,
  encodeInfoRequest,
  encodeMetaContextRequest,
  encodeOption,
  type NbdOptionReply,
} from '#lib/formats/nbd/handshake.ts';
import { Fault } from '#lib/model/fault.ts';
import { MIB } from '#lib/model/limits.ts';
import type { ByteSource } from './byte-source.ts';

const NOTHING = new Uint8Array(0);
/** What a server takes that names no limit, in bytes. */
const REQUEST_BYTES_DEFAULT = 32 * MIB;
const REPLIES_MAX = 1000;

export interface ServerInfo {
  sizeBytes: number;
  transmissionFlags: number;
  /** Shortest and longest data of one request, in bytes. */
  minimumBytes: number;
  maximumBytes: number;
  /** The id of base:allocation; null when the server cannot tell. */
  contextId: number | null;
}

/**
 * Ends in the transmission phase; returns what was read too far as well. Throws `CannotOpenDisk`
 * with what the server did, as a part of a sentence.
 */
export async function shakeHands(
  source: ByteSource,
  exportName: string,
  { clock, timeoutMs }: { clock: Clock; timeoutMs: number },
): Promise<{ info: ServerInfo; rest: Buffer }> {
  const timer = clock.after(timeoutMs, () => source.end('the server did not answer in time'));
  try {
    return await new Negotiation(source).run(exportName);
  } finally {
    timer.cancel();
  }
}

class Negotiation {
  readonly #source: ByteSource;
  #input: Buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  constructor(source: ByteSource) {
    this.#source = source;
    source.onBytes = (bytes) => {
      this.#input = Buffer.concat([this.#input, bytes]);
      this.#wake();
    };
    source.onEnd = () => this.#wake();
  }

  async run(exportName: string): Promise<{ info: ServerInfo; rest: Buffer }> {
    const flags = await this.#next((input) => {
      const value = decodeGreeting(input);
      return value === null ? null : { value, consumed: GREETING_BYTES };
    });
    if ((flags & FLAG_FIXED_NEWSTYLE) === 0) throw refused('the server is too old');
    const { socket } = this.#source;
    socket.write(encodeClientFlags(FLAG_FIXED_NEWSTYLE | (flags & FLAG_NO_ZEROES)));
    const structured = await this.#accepts(OPTIONS.structuredReply, NOTHING);
    const contextId = structured ? await this.#chooseContext(exportName) : null;
    const info = await this.#go(exportName, contextId);
    this.#source.onBytes = () => undefined;
    this.#source.onEnd = () => undefined;
    return { info, rest: this.#input };
  }

  async #accepts(option: number, data: Uint8Array): Promise<boolean> {
    return (await this.#option(option, data)).at(-1)?.type === OPTION_REPLIES.ack;
  }

  async #chooseContext(exportName: string): Promise<number | null> {
    const queries = [BASE_ALLOCATION];
    const data = encodeMetaContextRequest({ exportName, queries });
    const replies = await this.#option(OPTIONS.setMetaContext, data);
    const found = replies.find(({ type }) => type === OPTION_REPLIES.metaContext);
    if (replies.at(-1)?.type !== OPTION_REPLIES.ack || !found) return null;
    const { id, context } = decodeMetaContextReply(found.data);
    return context === BASE_ALLOCATION ? id : null;
  }

  async #go(exportName: string, contextId: number | null): Promise<ServerInfo> {
    const data = encodeInfoRequest({ exportName, wanted: [INFO_TYPES.blockSize] });
    const replies = await this.#option(OPTIONS.go, data);
    if (replies.at(-1)?.type !== OPTION_REPLIES.ack) {
      throw refused(`the server refuses the export "${exportName}"`);
    }
    let sizes = { minimum: 1, maximum: REQUEST_BYTES_DEFAULT };
    let found: { sizeBytes: number; transmissionFlags: number } | null = null;
    for (const reply of replies) {
      if (reply.type !== OPTION_REPLIES.info) continue;
      found = decodeExportInfo(reply.data) ?? found;
      sizes = decodeBlockSizeInfo(reply.data) ?? sizes;
    }
    if (found === null) throw refused('the server does not say how large the export is');
    const maximumBytes = Math.min(sizes.maximum, REQUEST_BYTES_DEFAULT);
    return { ...found, minimumBytes: sizes.minimum, maximumBytes, contextId };
  }

  /** Sends an option and returns its replies, the last one included. */
  async #option(option: number, data: Uint8Array): Promise<NbdOptionReply[]> {
    this.#source.socket.write(encodeOption(option, data));
    const replies: NbdOptionReply[] = [];
    while (replies.length < REPLIES_MAX) {
      const reply = await this.#next((input) => {
        const value = decodeOptionReply(input);
        return value && { value, consumed: value.consumed };
      });
      if (reply.option !== option) throw refused('the server answered another option');
      replies.push(reply);
      if (reply.type === OPTION_REPLIES.ack || reply.type >= 2 ** 31) return replies;
    }
    throw refused('the server does not come to an end');
  }

  async #next<T>(decode: (input: Buffer) => { value: T; consumed: number } | null): Promise<T> {
    for (;;) {
      const found = decode(this.#input);
      if (found !== null) {
        this.#input = this.#input.subarray(found.consumed);
        return found.value;
      }
      if (this.#source.ended !== null) throw refused(this.#source.ended);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function refused(why: string): Fault {
  return new Fault('CannotOpenDisk', why);
}
