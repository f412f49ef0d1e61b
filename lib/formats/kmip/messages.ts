// Messages of KMIP 1.2 with one operation each: what a client asks of a key server, and what it
// reads from the answers. docs/formats/kmip.md.
import { FormatError } from '../format-error.ts';
import {
  ALGORITHM_AES,
  KEY_FORMAT_RAW,
  type KmipOperation,
  NAME_IS_TEXT,
  OPERATION,
  QUERY_OPERATIONS,
  QUERY_SERVER,
  REASONS,
  RESULT_SUCCESS,
  SYMMETRIC_KEY,
  TAG,
  USAGE_WRAP,
} from './tags.ts';
import { decodeTtlv, encodeTtlv, type TtlvItem, type TtlvValue } from './ttlv.ts';

const VERSION = { major: 1, minor: 2 };
const KEY_BITS = 256;

export type KmipRequest =
  /** A new AES-256 key under a name, which the server makes. */
  | { operation: 'create'; name: string }
  /** Which keys have that name. */
  | { operation: 'locate'; name: string }
  /** The key itself. */
  | { operation: 'get'; id: string }
  | { operation: 'activate'; id: string }
  /** What the server can do, and who made it. */
  | { operation: 'query' };

export type KmipAnswer =
  | { ok: true; payload: TtlvItem[] }
  /** `reason` is a number of KMIP's result reasons; `message` is for people. */
  | { ok: false; reason: number; message: string };

export function encodeRequest(request: KmipRequest): Uint8Array {
  const header = structure(TAG.requestHeader, [
    structure(TAG.protocolVersion, [
      integer(TAG.protocolVersionMajor, VERSION.major),
      integer(TAG.protocolVersionMinor, VERSION.minor),
    ]),
    integer(TAG.batchCount, 1),
  ]);
  const item = structure(TAG.batchItem, [
    enumeration(TAG.operation, OPERATION[request.operation]),
    structure(TAG.requestPayload, payloadOf(request)),
  ]);
  return encodeTtlv(structure(TAG.requestMessage, [header, item]));
}

/** Throws FormatError for what is no answer to that operation. */
export function decodeAnswer(bytes: Uint8Array, operation: KmipOperation): KmipAnswer {
  const message = decodeTtlv(bytes);
  if (message.tag !== TAG.responseMessage) throw new FormatError('it is no answer of KMIP');
  const item = inside(message, TAG.batchItem);
  const status = numberIn(item, TAG.resultStatus);
  if (status !== RESULT_SUCCESS) {
    const reason = numberIn(item, TAG.resultReason);
    const text = childOf(item, TAG.resultMessage);
    const own = text?.type === 'textString' ? text.value.slice(0, 200) : '';
    return { ok: false, reason, message: own || (REASONS[reason] ?? `reason ${reason}`) };
  }
  const answered = childOf(item, TAG.operation);
  if (answered?.type === 'enumeration' && answered.value !== OPERATION[operation]) {
    throw new FormatError('the answer is to another operation');
  }
  const payload = childOf(item, TAG.responsePayload);
  return { ok: true, payload: payload?.type === 'structure' ? payload.value : [] };
}

/** The unique identifiers in the payload of an answer to create or locate. */
export function identifiersIn(payload: readonly TtlvItem[]): string[] {
  return payload.flatMap((item) =>
    item.tag === TAG.uniqueIdentifier && item.type === 'textString' ? [item.value] : [],
  );
}

/** From the payload of an answer to get. Throws FormatError when it holds no key of 256 bits. */
export function keyIn(payload: readonly TtlvItem[]): Uint8Array {
  const root: TtlvItem = { tag: TAG.responsePayload, type: 'structure', value: [...payload] };
  const block = inside(inside(root, TAG.symmetricKey), TAG.keyBlock);
  const material = childOf(inside(block, TAG.keyValue), TAG.keyMaterial);
  if (material?.type !== 'byteString' || material.value.length * 8 !== KEY_BITS) {
    throw new FormatError(`it holds no key of ${KEY_BITS} bits in the clear`);
  }
  return material.value;
}

/** From the payload of an answer to query. */
export function serverIn(payload: readonly TtlvItem[]): { vendor: string; operations: number[] } {
  const vendor = payload.find(({ tag }) => tag === TAG.vendorIdentification);
  return {
    vendor: vendor?.type === 'textString' ? vendor.value.slice(0, 200) : '',
    operations: payload.flatMap((item) =>
      item.tag === TAG.operation && item.type === 'enumeration' ? [item.value] : [],
    ),
  };
}

function payloadOf(request: KmipRequest): TtlvItem[] {
  switch (request.operation) {
    case 'create':
      return [
        enumeration(TAG.objectType, SYMMETRIC_KEY),
        structure(TAG.templateAttribute, [
          attribute('Cryptographic Algorithm', { type: 'enumeration', value: ALGORITHM_AES }),
          attribute('Cryptographic Length', { type: 'integer', value: KEY_BITS }),
          attribute('Cryptographic Usage Mask', { type: 'integer', value: USAGE_WRAP }),
          nameAttribute(request.name),
        ]),
      ];
    case 'locate':
      return [nameAttribute(request.name)];
    case 'get':
      return [
        text(TAG.uniqueIdentifier, request.id),
        enumeration(TAG.keyFormatType, KEY_FORMAT_RAW),
      ];
    case 'activate':
      return [text(TAG.uniqueIdentifier, request.id)];
    case 'query':
      return [
        enumeration(TAG.queryFunction, QUERY_OPERATIONS),
        enumeration(TAG.queryFunction, QUERY_SERVER),
      ];
  }
}

function nameAttribute(name: string): TtlvItem {
  const value = [text(TAG.nameValue, name), enumeration(TAG.nameType, NAME_IS_TEXT)];
  return attribute('Name', { type: 'structure', value });
}

function attribute(name: string, value: TtlvValue): TtlvItem {
  return structure(TAG.attribute, [
    text(TAG.attributeName, name),
    { tag: TAG.attributeValue, ...value },
  ]);
}

function structure(tag: number, value: TtlvItem[]): TtlvItem {
  return { tag, type: 'structure', value };
}

function integer(tag: number, value: number): TtlvItem {
  return { tag, type: 'integer', value };
}

function enumeration(tag: number, value: number): TtlvItem {
  return { tag, type: 'enumeration', value };
}

function text(tag: number, value: string): TtlvItem {
  return { tag, type: 'textString', value };
}

function childOf(item: TtlvItem, tag: number): TtlvItem | undefined {
  return item.type === 'structure' ? item.value.find((child) => child.tag === tag) : undefined;
}

function inside(item: TtlvItem, tag: number): TtlvItem {
  const child = childOf(item, tag);
  if (child?.type !== 'structure') {
    throw new FormatError(`the answer lacks the structure ${tag.toString(16)}`);
  }
  return child;
}

function numberIn(item: TtlvItem, tag: number): number {
  const child = childOf(item, tag);
  if (child?.type !== 'enumeration') {
    throw new FormatError(`the answer lacks the number ${tag.toString(16)}`);
  }
  return child.value;
}
