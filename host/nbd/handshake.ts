// One client's handshake: takes its options one by one and says what to answer, until it chose an
// export.

import { FormatError } from '#lib/formats/format-error.ts';
import {
  BASE_ALLOCATION,
  INFO_TYPES,
  OPTION_REPLIES,
  OPTIONS,
  TRANSMISSION_FLAGS,
} from '#lib/formats/nbd/constants.ts';
import {
  decodeClientFlags,
  decodeExportName,
  decodeInfoRequest,
  decodeMetaContextRequest,
  decodeOption,
  encodeBlockSizeInfo,
  encodeExportInfo,
  encodeExportNameReply,
  encodeMetaContextReply,
  encodeOptionReply,
  encodeServerReply,
  type NbdOption,
  wantsNoData,
} from '#lib/formats/nbd/handshake.ts';
import { NBD_REQUEST_BYTES_MAX, SECTOR_BYTES } from '#lib/model/limits.ts';
import type { ExportTable, NbdExport } from './nbd-export.ts';

const PREFERRED_BYTES = 4096;
/** A client that has not chosen after so many options is sent away. */
const OPTIONS_MAX = 256;

const EXPORT_FLAGS =
  TRANSMISSION_FLAGS.hasFlags |
  TRANSMISSION_FLAGS.sendFlush |
  TRANSMISSION_FLAGS.sendFua |
  TRANSMISSION_FLAGS.sendTrim |
  TRANSMISSION_FLAGS.sendWriteZeroes |
  TRANSMISSION_FLAGS.sendDf |
  TRANSMISSION_FLAGS.canMultiConn |
  TRANSMISSION_FLAGS.sendCache |
  TRANSMISSION_FLAGS.sendFastZero;

/** What has been agreed with a client. */
export interface Agreement {
  noZeroes: boolean;
  structuredReplies: boolean;
  /** The client may ask for block status in base:allocation. */
  blockStatus: boolean;
}

export interface HandshakeStep {
  /** Bytes taken from the input. */
  consumed: number;
  replies: Uint8Array[];
  /** `close`: the client leaves, or must. */
  next: 'options' | 'transmission' | 'close';
}

export class Handshake {
  readonly agreement: Agreement;
  phase: 'clientFlags' | 'options';
  chosen: NbdExport | null = null;
  /** The export for which the client chose base:allocation. */
  contextOf: NbdExport | null = null;
  readonly #exports: ExportTable;
  #options = 0;

  constructor(
    exports: ExportTable,
    phase: 'clientFlags' | 'options' = 'clientFlags',
    agreement: Agreement = { noZeroes: false, structuredReplies: false, blockStatus: false },
  ) {
    this.#exports = exports;
    this.phase = phase;
    this.agreement = agreement;
  }

  /** Takes the next message; null while it is incomplete. Throws a FormatError on garbage. */
  step(input: Uint8Array): HandshakeStep | null {
    if (this.phase === 'clientFlags') {
      const flags = decodeClientFlags(input);
      if (flags === null) return null;
      this.agreement.noZeroes = flags.noZeroes;
      this.phase = 'options';
      return { consumed: 4, replies: [], next: 'options' };
    }
    const option = decodeOption(input);
    if (option === null) return null;
    this.#options += 1;
    if (this.#options > OPTIONS_MAX) throw new FormatError('The client only ever sends options.');
    return { consumed: option.consumed, ...this.#answer(option) };
  }

  #answer(option: NbdOption): Omit<HandshakeStep, 'consumed'> {
    if (option.option === OPTIONS.exportName) return this.#exportName(option);
    if (wantsNoData(option.option) && option.data.length > 0) {
      return this.#refuse(option, OPTION_REPLIES.errorInvalid);
    }
    try {
      return this.#answerByKind(option);
    } catch (thrown) {
      if (!(thrown instanceof FormatError)) throw thrown;
      // The option as a whole was well framed, so that the client may be told and go on.
      return this.#refuse(option, OPTION_REPLIES.errorInvalid);
    }
  }

  #answerByKind(option: NbdOption): Omit<HandshakeStep, 'consumed'> {
    switch (option.option) {
      case OPTIONS.abort:
        return { replies: [ack(option)], next: 'close' };
      case OPTIONS.list:
        return this.#list(option);
      case OPTIONS.structuredReply:
        this.agreement.structuredReplies = true;
        return { replies: [ack(option)], next: 'options' };
      case OPTIONS.info:
      case OPTIONS.go:
        return this.#infoOrGo(option);
      case OPTIONS.listMetaContext:
      case OPTIONS.setMetaContext:
        return this.#metaContext(option);
      default:
        return this.#refuse(option, OPTION_REPLIES.errorUnsupported);
    }
  }

  #list(option: NbdOption): Omit<HandshakeStep, 'consumed'> {
    const servers = this.#exports.listed.map(({ name }) =>
      encodeOptionReply(option.option, OPTION_REPLIES.server, encodeServerReply(name)),
    );
    return { replies: [...servers, ack(option)], next: 'options' };
  }

  /**
   * The old way to choose: no reply but the export's description, and no way to refuse but to
   * close.
   */
  #exportName({ data }: NbdOption): Omit<HandshakeStep, 'consumed'> {
    const found = this.#exports.find(decodeExportName(data));
    if (found === null) return { replies: [], next: 'close' };
    this.#choose(found);
    const description = { sizeBytes: found.sizeBytes, transmissionFlags: EXPORT_FLAGS };
    const reply = encodeExportNameReply(description, this.agreement.noZeroes);
    return { replies: [reply], next: 'transmission' };
  }

  #infoOrGo(option: NbdOption): Omit<HandshakeStep, 'consumed'> {
    const request = decodeInfoRequest(option.data);
    const found = this.#exports.find(request.exportName);
    if (found === null) return this.#refuse(option, OPTION_REPLIES.errorUnknown);
    const infos = [
      encodeExportInfo({ sizeBytes: found.sizeBytes, transmissionFlags: EXPORT_FLAGS }),
      encodeBlockSizeInfo({
        minimum: SECTOR_BYTES,
        preferred: PREFERRED_BYTES,
        maximum: NBD_REQUEST_BYTES_MAX,
      }),
    ];
    if (request.wanted.includes(INFO_TYPES.name)) infos.push(nameInfo(found.name));
    const replies = infos.map((info) =>
      encodeOptionReply(option.option, OPTION_REPLIES.info, info),
    );
    replies.push(ack(option));
    if (option.option === OPTIONS.info) return { replies, next: 'options' };
    this.#choose(found);
    return { replies, next: 'transmission' };
  }

  #metaContext(option: NbdOption): Omit<HandshakeStep, 'consumed'> {
    const { exportName, queries } = decodeMetaContextRequest(option.data);
    const sets = option.option === OPTIONS.setMetaContext;
    if (sets) this.contextOf = null;
    if (!this.agreement.structuredReplies) return this.#refuse(option, OPTION_REPLIES.errorInvalid);
    const found = this.#exports.find(exportName);
    if (found === null) return this.#refuse(option, OPTION_REPLIES.errorUnknown);
    const named = queries.includes(BASE_ALLOCATION);
    const listed = !sets && (queries.length === 0 || queries.includes('base:'));
    if (!named && !listed) return { replies: [ack(option)], next: 'options' };
    if (sets) this.contextOf = found;
    const context = encodeMetaContextReply(BASE_ALLOCATION);
    const reply = encodeOptionReply(option.option, OPTION_REPLIES.metaContext, context);
    return { replies: [reply, ack(option)], next: 'options' };
  }

  #choose(found: NbdExport): void {
    this.chosen = found;
    this.agreement.blockStatus = this.contextOf === found;
  }

  #refuse({ option }: NbdOption, type: number): Omit<HandshakeStep, 'consumed'> {
    return { replies: [encodeOptionReply(option, type)], next: 'options' };
  }
}

function ack({ option }: NbdOption): Uint8Array {
  return encodeOptionReply(option, OPTION_REPLIES.ack);
}

function nameInfo(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array(2 + text.length);
  new DataView(bytes.buffer).setUint16(0, INFO_TYPES.name);
  bytes.set(text, 2);
  return bytes;
}
