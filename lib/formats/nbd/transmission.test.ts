// Tests of the NBD codecs: round trips, and every kind of damage is refused with a FormatError and
// nothing else.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../format-error.ts';
import { BASE_ALLOCATION, COMMANDS, OPTION_REPLIES, OPTIONS } from './constants.ts';
import { errnoName, errnoOfCode, NBD_ERRORS } from './errno.ts';
import {
  decodeClientFlags,
  decodeExportInfo,
  decodeExportName,
  decodeGreeting,
  decodeInfoRequest,
  decodeMetaContextRequest,
  decodeOption,
  decodeOptionReply,
  encodeBlockSizeInfo,
  encodeClientFlags,
  encodeExportInfo,
  encodeExportNameReply,
  encodeGreeting,
  encodeInfoRequest,
  encodeMetaContextReply,
  encodeMetaContextRequest,
  encodeOption,
  encodeOptionReply,
  encodeServerReply,
  OPTION_DATA_BYTES_MAX,
} from './handshake.ts';
import {
  decodeErrorChunk,
  decodeReplyHeader,
  decodeStatusChunk,
  emptyRequest,
  type NbdRequest,
  readRequest,
  statusChunkBytes,
  writeDataChunkHeader,
  writeErrorChunk,
  writeRequest,
  writeSimpleReply,
  writeStatusChunk,
} from './transmission.ts';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const name = fc.string({ unit: 'grapheme', maxLength: 60 });
const request: fc.Arbitrary<NbdRequest> = fc.record({
  flags: u16,
  command: u16,
  cookieHigh: u32,
  cookieLow: u32,
  offset: fc.maxSafeNat(),
  length: u32,
});

/** Runs a decoder on bytes that may be anything: it answers, or throws a FormatError. */
function survives(decode: () => unknown): void {
  try {
    decode();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(FormatError);
  }
}

test('requests read back as they were written', () => {
  fc.assert(
    fc.property(request, fc.nat(9), (value, at) => {
      const view = new DataView(new ArrayBuffer(64));
      expect(writeRequest(view, at, value)).toBe(28);
      const read = emptyRequest();
      expect(readRequest(view, at, read)).toBe(true);
      expect(read).toEqual(value);
    }),
  );
});

test('a request of one fixed form has the bytes of the protocol', () => {
  const bytes = new Uint8Array(28);
  writeRequest(new DataView(bytes.buffer), 0, {
    flags: 1,
    command: COMMANDS.write,
    cookieHigh: 0x01020304,
    cookieLow: 0x05060708,
    offset: 0x1_0000_0200,
    length: 4096,
  });
  expect(Buffer.from(bytes).toString('hex')).toBe(
    '25609513000100010102030405060708000000010000020000001000',
  );
});

test('a request with another magic is not read', () => {
  expect(readRequest(new DataView(new ArrayBuffer(28)), 0, emptyRequest())).toBe(false);
});

test('options and their replies read back; one byte less is incomplete', () => {
  const data = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(u32, u32, data, (option, type, payload) => {
      const sent = encodeOption(option, payload);
      expect(decodeOption(sent)).toEqual({ option, data: payload, consumed: sent.length });
      expect(decodeOption(sent.subarray(0, -1))).toBeNull();
      const reply = encodeOptionReply(option, type, payload);
      expect(decodeOptionReply(reply)).toMatchObject({ option, type, data: payload });
      expect(decodeOptionReply(reply.subarray(0, -1))).toBeNull();
    }),
  );
});

test('an option that announces more than the limit is refused from its header alone', () => {
  const header = encodeOption(OPTIONS.go, new Uint8Array(0));
  new DataView(header.buffer).setUint32(12, OPTION_DATA_BYTES_MAX + 1);
  expect(() => decodeOption(header)).toThrow(FormatError);
  const reply = encodeOptionReply(OPTIONS.go, OPTION_REPLIES.info);
  new DataView(reply.buffer).setUint32(16, 0xffffffff);
  expect(() => decodeOptionReply(reply)).toThrow(FormatError);
});

test('the data of options read back', () => {
  fc.assert(
    fc.property(name, fc.array(u16, { maxLength: 20 }), (exportName, wanted) => {
      const data = encodeInfoRequest({ exportName, wanted });
      expect(decodeInfoRequest(data)).toEqual({ exportName, wanted });
      expect(() => decodeInfoRequest(data.subarray(0, -1))).toThrow(FormatError);
      expect(decodeExportName(encodeServerReply(exportName).subarray(4))).toBe(exportName);
    }),
  );
  fc.assert(
    fc.property(name, fc.array(name, { maxLength: 8 }), (exportName, queries) => {
      const data = encodeMetaContextRequest({ exportName, queries });
      expect(decodeMetaContextRequest(data)).toEqual({ exportName, queries });
      expect(() => decodeMetaContextRequest(data.subarray(0, -1))).toThrow(FormatError);
    }),
  );
});

test('greeting, flags and information', () => {
  expect(decodeGreeting(encodeGreeting())).toBe(3);
  expect(decodeGreeting(encodeGreeting().subarray(1, 10))).toBeNull();
  expect(() => decodeGreeting(new Uint8Array(18))).toThrow(FormatError);
  expect(decodeClientFlags(encodeClientFlags(3))).toEqual({ noZeroes: true });
  expect(decodeClientFlags(encodeClientFlags(1))).toEqual({ noZeroes: false });
  expect(() => decodeClientFlags(encodeClientFlags(0x80))).toThrow(FormatError);
  const info = { sizeBytes: 62 * 2 ** 40, transmissionFlags: 0xd6d };
  expect(decodeExportInfo(encodeExportInfo(info))).toEqual(info);
  const sizes = encodeBlockSizeInfo({ minimum: 512, preferred: 4096, maximum: 2 ** 26 });
  expect(decodeExportInfo(sizes)).toBeNull();
  expect(encodeExportNameReply(info, true)).toHaveLength(10);
  expect(encodeExportNameReply(info, false)).toHaveLength(134);
  expect(encodeMetaContextReply(BASE_ALLOCATION)).toHaveLength(19);
});

test('replies and chunks read back', () => {
  const status = fc.array(fc.record({ length: u32, flags: u32 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(request, u32, status, (value, error, extents) => {
      const bytes = new Uint8Array(statusChunkBytes(extents.length) + 28);
      const view = new DataView(bytes.buffer);
      const { cookieHigh, cookieLow } = value;
      expect(writeSimpleReply(view, 0, error, value)).toBe(16);
      expect(decodeReplyHeader(bytes)).toEqual({ kind: 'simple', error, cookieHigh, cookieLow });
      expect(decodeReplyHeader(bytes.subarray(0, 15))).toBeNull();
      expect(writeErrorChunk(view, 0, error, value)).toBe(26);
      expect(decodeReplyHeader(bytes)).toMatchObject({ done: true, type: 0x8001, length: 6 });
      expect(decodeErrorChunk(bytes.subarray(20, 26))).toBe(error);
      const end = writeStatusChunk(view, value, 1, extents);
      expect(end).toBe(statusChunkBytes(extents.length));
      expect(decodeStatusChunk(bytes.subarray(20, end))).toEqual({ contextId: 1, extents });
      expect(writeDataChunkHeader(view, 0, { ...value, length: 512 })).toBe(28);
      expect(decodeReplyHeader(bytes)).toMatchObject({ kind: 'chunk', type: 1, length: 520 });
    }),
  );
});

test('garbage and damaged messages never do worse than a FormatError', () => {
  const whole = encodeMetaContextRequest({ exportName: 'scsi0:0', queries: [BASE_ALLOCATION] });
  const damaged = fc
    .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    .map((edits) => {
      const bytes = Uint8Array.from(whole);
      for (const [at, value] of edits) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (bytes) => {
      survives(() => decodeGreeting(bytes));
      survives(() => decodeClientFlags(bytes));
      survives(() => decodeOption(bytes));
      survives(() => decodeOptionReply(bytes));
      survives(() => decodeInfoRequest(bytes));
      survives(() => decodeMetaContextRequest(bytes));
      survives(() => decodeExportInfo(bytes));
      survives(() => decodeExportName(bytes));
      survives(() => decodeReplyHeader(bytes));
      survives(() => decodeErrorChunk(bytes));
      survives(() => decodeStatusChunk(bytes));
    }),
    { numRuns: 2000 },
  );
});

test('system errors become the few numbers that NBD knows', () => {
  expect(errnoOfCode('ENOSPC')).toBe(28);
  expect(errnoOfCode('EDQUOT')).toBe(28);
  expect(errnoOfCode('EWHATEVER')).toBe(NBD_ERRORS.EIO);
  expect(errnoOfCode(undefined)).toBe(NBD_ERRORS.EIO);
  expect(errnoName(108)).toBe('ESHUTDOWN');
  expect(errnoName(7)).toBe('errno 7');
});
