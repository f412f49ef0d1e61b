// The tags and enumerations of KMIP 1.2 (section 9.1.3) that keys of a key provider need.

export const TAG = {
  attribute: 0x42_00_08,
  attributeName: 0x42_00_0a,
  attributeValue: 0x42_00_0b,
  batchCount: 0x42_00_0d,
  batchItem: 0x42_00_0f,
  keyBlock: 0x42_00_40,
  keyFormatType: 0x42_00_42,
  keyMaterial: 0x42_00_43,
  keyValue: 0x42_00_45,
  nameType: 0x42_00_54,
  nameValue: 0x42_00_55,
  objectType: 0x42_00_57,
  operation: 0x42_00_5c,
  protocolVersion: 0x42_00_69,
  protocolVersionMajor: 0x42_00_6a,
  protocolVersionMinor: 0x42_00_6b,
  queryFunction: 0x42_00_74,
  requestHeader: 0x42_00_77,
  requestMessage: 0x42_00_78,
  requestPayload: 0x42_00_79,
  responseMessage: 0x42_00_7b,
  responsePayload: 0x42_00_7c,
  resultMessage: 0x42_00_7d,
  resultReason: 0x42_00_7e,
  resultStatus: 0x42_00_7f,
  symmetricKey: 0x42_00_8f,
  templateAttribute: 0x42_00_91,
  uniqueIdentifier: 0x42_00_94,
  vendorIdentification: 0x42_00_9d,
} as const;

export const OPERATION = {
  create: 0x01,
  locate: 0x08,
  get: 0x0a,
  activate: 0x12,
  query: 0x18,
} as const;
export type KmipOperation = keyof typeof OPERATION;

export const SYMMETRIC_KEY = 2;
export const ALGORITHM_AES = 3;
/** Encrypt, decrypt, wrap key, unwrap key. */
export const USAGE_WRAP = 0x04 | 0x08 | 0x10 | 0x20;
export const NAME_IS_TEXT = 1;
export const KEY_FORMAT_RAW = 1;
export const QUERY_OPERATIONS = 1;
export const QUERY_SERVER = 3;

export const RESULT_SUCCESS = 0;
export const RESULT_NOT_FOUND = 1;

/** What a server's refusals are called, for those that an administrator can do something about. */
export const REASONS: Readonly<Record<number, string>> = {
  1: 'item not found',
  3: 'authentication not successful',
  5: 'operation not supported',
  10: 'cryptographic failure',
  11: 'illegal operation',
  12: 'permission denied',
  13: 'object archived',
  22: 'the key is sensitive',
  23: 'the key cannot be extracted',
  256: 'general failure',
};
