// Tests of KMIP's encoding: the standard's own examples, any item there and back, and bytes of any
// kind, which are read or refused but never break the reader.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../format-error.ts';
import { decodeAnswer, encodeRequest, identifiersIn, keyIn, serverIn } from './messages.ts';
import { TAG } from './tags.ts';
import { decodeTtlv, encodeTtlv, messageBytes, type TtlvItem } from './ttlv.ts';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replace(/[ |]/g, ''), 'hex'));
}

// KMIP 1.2, section 9.1.2.
const EXAMPLES: [TtlvItem, string][] = [
  [{ tag: 0x420020, type: 'integer', value: 8 }, '42002002000000040000000800000000'],
  [
    { tag: 0x420020, type: 'longInteger', value: 123_456_789_000_000_000n },
    '420020030000000801B69B4BA5749200',
  ],
  [
    { tag: 0x420020, type: 'bigInteger', value: bytes('0000000003FD35EB6BC2DF4618080000') },
    '42002004000000100000000003FD35EB6BC2DF4618080000',
  ],
  [{ tag: 0x420020, type: 'enumeration', value: 255 }, '4200200500000004000000FF00000000'],
  [{ tag: 0x420020, type: 'boolean', value: true }, '42002006000000080000000000000001'],
  [
    { tag: 0x420020, type: 'textString', value: 'Hello World' },
    '420020070000000B48656C6C6F20576F726C640000000000',
  ],
  [
    { tag: 0x420020, type: 'byteString', value: bytes('010203') },
    '42002008000000030102030000000000',
  ],
  [{ tag: 0x420020, type: 'dateTime', value: 0x47da67f8n }, '42002009000000080000000047DA67F8'],
  [{ tag: 0x420020, type: 'interval', value: 864_000 }, '4200200A00000004000D2F0000000000'],
  [
    {
      ...{ tag: 0x420020, type: 'structure' },
      value: [
        { tag: 0x420004, type: 'enumeration', value: 254 },
        { tag: 0x420005, type: 'integer', value: 255 },
      ],
    },
    '42002001000000204200040500000004000000FE000000004200050200000004000000FF00000000',
  ],
];

test.each(EXAMPLES)('the standard’s example %#', (item, text) => {
  expect(hex(encodeTtlv(item))).toBe(text);
  expect(decodeTtlv(bytes(text))).toEqual(item);
});

const tag = fc.integer({ min: 1, max: 0xffffff });
const anyBytes = fc.uint8Array({ maxLength: 40 }).map((value) => new Uint8Array(value));
const { item: anyItem } = fc.letrec<{ item: TtlvItem }>((tie) => ({
  item: fc.oneof(
    { depthSize: 'small' },
    fc.record({ tag, type: fc.constant('integer'), value: fc.integer() }),
    fc.record({ tag, type: fc.constant('enumeration'), value: fc.nat() }),
    fc.record({ tag, type: fc.constant('boolean'), value: fc.boolean() }),
    fc.record({ tag, type: fc.constant('textString'), value: fc.string({ unit: 'grapheme' }) }),
    fc.record({ tag, type: fc.constant('byteString'), value: anyBytes }),
    fc.record({
      ...{ tag, type: fc.constant('longInteger') },
      value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    }),
    fc.record({
      ...{ tag, type: fc.constant('structure') },
      value: fc.array(tie('item'), { maxLength: 4 }),
    }),
  ),
}));

test('any item comes back as it was', () => {
  fc.assert(
    fc.property(anyItem, (item) => {
      expect(decodeTtlv(encodeTtlv(item))).toEqual(item);
    }),
  );
});

test('bytes of any kind, and messages with any byte changed, are read or refused', () => {
  const attempt = (what: Uint8Array) => {
    for (const read of [decodeTtlv, (it: Uint8Array) => decodeAnswer(it, 'get')]) {
      try {
        read(what);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt));
  const change = fc.tuple(anyItem, fc.nat(), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(change, ([item, at, difference]) => {
      const encoded = encodeTtlv(item);
      const place = at % encoded.length;
      encoded[place] = (encoded[place] ?? 0) ^ difference;
      attempt(encoded);
      attempt(encoded.subarray(0, place));
    }),
  );
});

test('what is too long, too deep or too many is refused', () => {
  const header = (length: string) => bytes(`42007B01 ${length}`);
  expect(() => messageBytes(header('7FFFFFF0'), TAG.responseMessage)).toThrow(/too long/);
  expect(messageBytes(header('00000010'), TAG.responseMessage)).toBe(24);
  expect(() => messageBytes(bytes('48545450 2F312E31'), TAG.responseMessage)).toThrow(/no message/);
  let deep: TtlvItem = { tag: 1, type: 'integer', value: 0 };
  for (let depth = 0; depth < 40; depth++) deep = { tag: 1, type: 'structure', value: [deep] };
  expect(() => decodeTtlv(encodeTtlv(deep))).toThrow(/nested too deeply/);
  const value: TtlvItem[] = Array.from({ length: 3_000 }, () => ({
    ...{ tag: 1, type: 'integer', value: 0 },
  }));
  expect(() => decodeTtlv(encodeTtlv({ tag: 1, type: 'structure', value }))).toThrow(/too many/);
  expect(() => decodeTtlv(bytes('420020 02 00000004 00000008 00000001'))).toThrow(/not zero/);
  expect(() => decodeTtlv(bytes('420020 02 00000003 00000008 00000000'))).toThrow(/has 3 bytes/);
  expect(() => decodeTtlv(bytes('420020 06 00000008 0000000000000002'))).toThrow(/truth value/);
});

test('a request says what it wants, and an answer is read', () => {
  const request = decodeTtlv(encodeRequest({ operation: 'get', id: '17' }));
  expect(JSON.stringify(request)).toContain('"value":"17"');
  const key = Uint8Array.from({ length: 32 }, (_, i) => i);
  const answer = (operation: number, payload: TtlvItem[]) =>
    encodeTtlv(
      structure(TAG.responseMessage, [
        structure(TAG.batchItem, [
          { tag: TAG.operation, type: 'enumeration', value: operation },
          { tag: TAG.resultStatus, type: 'enumeration', value: 0 },
          structure(TAG.responsePayload, payload),
        ]),
      ]),
    );
  const id: TtlvItem = { tag: TAG.uniqueIdentifier, type: 'textString', value: '17' };
  const material: TtlvItem = { tag: TAG.keyMaterial, type: 'byteString', value: key };
  const block = structure(TAG.keyBlock, [structure(TAG.keyValue, [material])]);
  const got = decodeAnswer(answer(10, [id, structure(TAG.symmetricKey, [block])]), 'get');
  if (!got.ok) throw new Error(got.message);
  expect(keyIn(got.payload)).toEqual(key);
  expect(identifiersIn(got.payload)).toEqual(['17']);
  expect(serverIn(got.payload)).toEqual({ vendor: '', operations: [] });
  expect(() => keyIn([id])).toThrow(/lacks the structure/);
  expect(() => decodeAnswer(answer(8, []), 'get')).toThrow(/another operation/);
});

function structure(tagOf: number, value: TtlvItem[]): TtlvItem {
  return { tag: tagOf, type: 'structure', value };
}
