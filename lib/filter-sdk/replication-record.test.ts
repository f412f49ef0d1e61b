// Tests of replication records: what is written is read, and no damaged byte passes.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  checkPayload,
  encodeRecord,
  parseRecordHeader,
  payloadBytes,
  RECORD_HEADER_BYTES,
  RECORD_PAYLOAD_BYTES_MAX,
  RecordError,
  type RecordKind,
} from './replication-record.ts';

const kinds: RecordKind[] = ['write', 'trim', 'writeZeroes', 'grow', 'mark', 'resyncBegin'];
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const records = fc
  .record({
    kind: fc.constantFrom(...kinds),
    session: fc.nat({ max: 0xffff_ffff }),
    sequence: number,
    timeUs: number,
    offset: number,
    payload: fc.uint8Array({ maxLength: 600 }),
    range: fc.nat({ max: 0xffff_ffff }),
  })
  .map(({ payload, range, ...rest }) => {
    const hasPayload = rest.kind === 'write' || rest.kind === 'mark';
    return {
      header: { ...rest, length: hasPayload ? payload.length : range },
      payload: hasPayload ? payload : new Uint8Array(0),
    };
  });

test('what is written is read', () => {
  fc.assert(
    fc.property(records, fc.nat({ max: 20 }), ({ header, payload }, before) => {
      const bytes = Buffer.concat([Buffer.alloc(before), encodeRecord(header, payload)]);
      const found = parseRecordHeader(bytes, before);
      expect(found).toMatchObject(header);
      const data = bytes.subarray(before + RECORD_HEADER_BYTES);
      expect(data).toHaveLength(payloadBytes(found));
      checkPayload(found, data);
    }),
  );
});

test('any changed byte is found', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, place, change) => {
      const bytes = encodeRecord(record.header, record.payload);
      const at = place % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ change;
      expect(() => {
        checkPayload(parseRecordHeader(bytes), bytes.subarray(RECORD_HEADER_BYTES));
      }).toThrow(RecordError);
    }),
  );
});

test('bytes that are no record, cut off or too long are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(() => parseRecordHeader(bytes)).toThrow(RecordError);
    }),
  );
  const header = { kind: 'write', session: 1, sequence: 1, timeUs: 1, offset: 0 } as const;
  const length = RECORD_PAYLOAD_BYTES_MAX + 1;
  const long = encodeRecord({ ...header, length }, new Uint8Array(length));
  expect(() => parseRecordHeader(long)).toThrow('longer than');
  expect(() => encodeRecord({ ...header, length: 3 }, new Uint8Array(2))).toThrow(RecordError);
});
