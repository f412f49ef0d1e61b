// Tests of the messages between source and target: what is said is understood, and nothing else.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeMessage,
  encodeSequence,
  MessageError,
  parseMessage,
  parseSequence,
  RECORDS_BYTES_MAX,
} from './replication-messages.ts';

const types = ['open', 'opened', 'records', 'durable', 'refused', 'close', 'replaced'] as const;

test('what is said is understood', () => {
  const channels = fc.nat({ max: 0xffff_ffff });
  const bodies = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(fc.constantFrom(...types), channels, bodies, (type, channel, body) => {
      expect(parseMessage(encodeMessage(type, channel, body))).toEqual({ type, channel, body });
    }),
  );
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (sequence) => {
      expect(parseSequence(encodeSequence(sequence))).toBe(sequence);
    }),
  );
});

test('any other bytes are refused or are a message within the limits', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        expect(types).toContain(parseMessage(bytes).type);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(MessageError);
      }
    }),
  );
  const long = new Uint8Array(RECORDS_BYTES_MAX + 1);
  expect(() => parseMessage(encodeMessage('records', 1, long))).toThrow('too long');
  expect(() => parseMessage(encodeMessage('open', 1, long.subarray(0, 70_000)))).toThrow(
    'too long',
  );
  expect(() => parseSequence(new Uint8Array(7))).toThrow(MessageError);
  expect(() => parseSequence(new Uint8Array(8).fill(0xff))).toThrow('too large');
});
