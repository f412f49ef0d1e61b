// VMDK descriptor: the text file that names a virtual disk's parent, its extents and its properties
// (the "disk data base"). At most 20 KiB, cut at the first NUL, because other writers pad it with
// NULs. Keys that we do not know are kept. docs/formats/vmdk.md has the grammar.
import { FormatError } from '../format-error.ts';
import {
  CREATE_TYPES,
  EXTENT_TYPES,
  EXTENT_TYPES_OF,
  type ExtentType,
  type VmdkCreateType,
} from './disk-types.ts';

/** Largest descriptor in bytes: what common readers read. */
export const DESCRIPTOR_BYTES_MAX = 20 * 1024;
/** CID of a parent that does not exist. */
export const NO_PARENT = 'ffffffff';

const EXTENTS_MAX = 512;
const SECTORS_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 512);
const FILE_NAME_BYTES_MAX = 255;
const HINT_BYTES_MAX = 4096;
/** An object of a vSAN or a vVol in place of a file. */
const OBJECT_NAME =
  /^(?:vsan|vvol):\/\/[A-Za-z0-9][A-Za-z0-9._:-]*(?:\/[A-Za-z0-9][A-Za-z0-9._:-]*)*$/;

export interface VmdkExtent {
  access: 'RW' | 'RDONLY' | 'NOACCESS';
  /** Length in sectors of 512 bytes. */
  sectors: number;
  type: ExtentType;
  /**
   * A name in the directory of the descriptor, never a path; of VMFS also the name of an object
   * (`vsan://…`, `vvol://…`); empty for ZERO.
   */
  fileName: string;
  /** Where the extent starts in its file, in sectors. */
  offsetSectors: number;
}

export interface VmdkDescriptor {
  /** Content id, 8 lower-case hexadecimal digits. */
  cid: string;
  /** `ffffffff` for a disk without a parent. */
  parentCid: string;
  createType: VmdkCreateType;
  /** Path of the parent's descriptor as the child has it, relative to the child; null without. */
  parentFileNameHint: string | null;
  extents: VmdkExtent[];
  /** The other lines of the header, key to raw value, quotes included. */
  header: ReadonlyMap<string, string>;
  /** The disk data base without the prefix `ddb.` and without quotes. */
  ddb: ReadonlyMap<string, string>;
}

/** Capacity of the disk in sectors of 512 bytes. */
export function capacitySectors(descriptor: VmdkDescriptor): number {
  return descriptor.extents.reduce((sum, extent) => sum + extent.sectors, 0);
}

/**
 * Whether the name of an extent is that of an object (`vsan://…`, `vvol://…`), not of a file.
 */
export function isObjectName(fileName: string): boolean {
  return OBJECT_NAME.test(fileName);
}

/** Names of the I/O filters on the disk (`ddb.iofilters`), in call order. */
export function iofilters(descriptor: VmdkDescriptor): string[] {
  const value = descriptor.ddb.get('iofilters') ?? '';
  return value.split(',').filter((name) => name !== '');
}

/** The same descriptor with other I/O filters; the key goes when there are none. */
export function withIofilters(
  descriptor: VmdkDescriptor,
  names: readonly string[],
): VmdkDescriptor {
  const ddb = new Map(descriptor.ddb);
  ddb.delete('iofilters');
  for (const name of names) {
    if (!/^[a-z0-9][a-z0-9-]*$/i.test(name)) throw new FormatError(`"${name}" names no filter.`);
  }
  if (names.length > 0) ddb.set('iofilters', names.join(','));
  return { ...descriptor, ddb };
}

/**
 * Reads a descriptor. Throws a FormatError with the line number on anything malformed.
 */
export function parseDescriptor(bytes: Uint8Array): VmdkDescriptor {
  const lines = decode(bytes).split(/\r\n|\n/);
  if (!/^# *disk descriptorfile *$/i.test(lines[0]?.trim() ?? '')) {
    throw new FormatError('The file does not begin with "# Disk DescriptorFile".', 1);
  }
  const header = new Map<string, string>();
  const ddb = new Map<string, string>();
  const extents: VmdkExtent[] = [];
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const pair = /^([A-Za-z][\w.:-]*)\s*=\s*(.*)$/.exec(line);
    if (pair) addPair(pair, { header, ddb, line: index + 1 });
    else extents.push(parseExtent(line, index + 1));
  }
  return assemble(header, ddb, extents);
}

/**
 * Writes a descriptor in the order and spelling of ESXi. Throws a FormatError when it would not
 * read back.
 */
export function formatDescriptor(descriptor: VmdkDescriptor): Uint8Array {
  const text = [
    '# Disk DescriptorFile',
    'version=1',
    ...[...descriptor.header].map(([key, value]) => `${key}=${value}`),
    `CID=${descriptor.cid}`,
    `parentCID=${descriptor.parentCid}`,
    `createType="${descriptor.createType}"`,
    ...hintLines(descriptor),
    '',
    '# Extent description',
    ...descriptor.extents.map(formatExtent),
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    ...[...descriptor.ddb].map(([key, value]) => `ddb.${key} = "${value}"`),
    '',
  ].join('\n');
  const bytes = new TextEncoder().encode(text);
  parseDescriptor(bytes);
  return bytes;
}

function decode(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const used = end === -1 ? bytes : bytes.subarray(0, end);
  if (used.length > DESCRIPTOR_BYTES_MAX) {
    throw new FormatError(`The descriptor is larger than ${DESCRIPTOR_BYTES_MAX} bytes.`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(used);
  } catch (cause) {
    throw new FormatError(`The descriptor is not UTF-8 text (${String(cause)}).`);
  }
}

interface PairTarget {
  header: Map<string, string>;
  ddb: Map<string, string>;
  line: number;
}

function addPair([, key = '', value = '']: RegExpExecArray, target: PairTarget): void {
  const inDdb = key.startsWith('ddb.');
  const map = inDdb ? target.ddb : target.header;
  const name = inDdb ? key.slice('ddb.'.length) : key;
  if (map.has(name)) throw new FormatError(`The key ${key} stands twice.`, target.line);
  if (name === '') throw new FormatError('A key of the disk data base has no name.', target.line);
  if (!inDdb) {
    map.set(name, value);
    return;
  }
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) {
    throw new FormatError(`The value of ${key} is not in quotes.`, target.line);
  }
  map.set(name, value.slice(1, -1));
}

function parseExtent(line: string, number: number): VmdkExtent {
  const match =
    /^(RW|RDONLY|NOACCESS)\s+(\d{1,19})\s+([A-Z0-9]+)(?:\s+"([^"]*)")?(?:\s+(\d{1,19}))?$/.exec(
      line,
    );
  if (!match) throw new FormatError('The line is neither a key nor an extent.', number);
  const [, access, sectorText, typeText, fileName, offsetText] = match;
  const sectors = Number(sectorText);
  const offsetSectors = Number(offsetText ?? 0);
  const type = EXTENT_TYPES.find((known) => known === typeText);
  if (type === undefined) {
    throw new FormatError(`Extents of the type ${typeText} are not supported.`, number);
  }
  if (type === 'FLAT' && offsetText === undefined) {
    throw new FormatError('A FLAT extent needs an offset.', number);
  }
  if (type !== 'FLAT' && offsetText !== undefined) {
    throw new FormatError(`A ${type} extent has no offset.`, number);
  }
  if (sectors < 1 || sectors + offsetSectors > SECTORS_MAX) {
    throw new FormatError(`An extent of ${sectorText} sectors cannot be.`, number);
  }
  if ((type === 'ZERO') !== (fileName === undefined)) {
    throw new FormatError('Every extent but a ZERO one names its file.', number);
  }
  const isObject = type === 'VMFS' && isObjectName(fileName ?? '');
  if (fileName !== undefined && !isObject) checkFileName(fileName, number);
  return { access: accessOf(access), sectors, type, fileName: fileName ?? '', offsetSectors };
}

function accessOf(word: string | undefined): VmdkExtent['access'] {
  if (word === 'RW' || word === 'RDONLY') return word;
  return 'NOACCESS';
}

function checkFileName(name: string, line: number): void {
  const length = new TextEncoder().encode(name).length;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  const bad = /[/\\\u0000-\u001f\u007f]/.test(name) || name === '.' || name === '..';
  if (bad || length < 1 || length > FILE_NAME_BYTES_MAX) {
    throw new FormatError('An extent must name a file beside the descriptor, not a path.', line);
  }
}

function assemble(
  header: Map<string, string>,
  ddb: Map<string, string>,
  extents: VmdkExtent[],
): VmdkDescriptor {
  if (header.get('version') !== '1') {
    throw new FormatError('Only descriptors of version 1 are supported.');
  }
  const cid = cidOf(header, 'CID');
  const parentCid = cidOf(header, 'parentCID');
  const createTypeText = unquoted(header.get('createType'));
  const createType = CREATE_TYPES.find((known) => known === createTypeText);
  if (createType === undefined) {
    throw new FormatError(`Disks of the type "${createTypeText}" are not supported.`);
  }
  const parentFileNameHint = hintOf(header, parentCid);
  checkExtents(createType, extents);
  for (const key of TAKEN_KEYS) header.delete(key);
  return { cid, parentCid, createType, parentFileNameHint, extents, header, ddb };
}

/** The keys of the header that are fields of the descriptor. */
const TAKEN_KEYS = ['version', 'CID', 'parentCID', 'createType', 'parentFileNameHint'];

function hintOf(header: Map<string, string>, parentCid: string): string | null {
  const raw = header.get('parentFileNameHint');
  if ((raw === undefined) !== (parentCid === NO_PARENT)) {
    throw new FormatError('A disk with a parent has both parentCID and parentFileNameHint.');
  }
  if (raw === undefined) return null;
  const hint = unquoted(raw);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (hint === '' || hint.length > HINT_BYTES_MAX || /["\\\u0000-\u001f\u007f]/.test(hint)) {
    throw new FormatError('parentFileNameHint is not the path of a file.');
  }
  return hint;
}

function hintLines({ parentFileNameHint }: VmdkDescriptor): string[] {
  return parentFileNameHint === null ? [] : [`parentFileNameHint="${parentFileNameHint}"`];
}

function unquoted(value: string | undefined): string {
  return value?.replace(/^"(.*)"$/, '$1') ?? '';
}

function cidOf(header: Map<string, string>, key: string): string {
  const value = header.get(key) ?? '';
  if (!/^[0-9a-f]{1,8}$/i.test(value)) {
    throw new FormatError(`${key} must be 8 hexadecimal digits.`);
  }
  return value.toLowerCase().padStart(8, '0');
}

function checkExtents(createType: VmdkCreateType, extents: VmdkExtent[]): void {
  if (extents.length < 1 || extents.length > EXTENTS_MAX) {
    throw new FormatError(
      `A disk has 1 to ${EXTENTS_MAX} extents, this one has ${extents.length}.`,
    );
  }
  const allowed = EXTENT_TYPES_OF[createType];
  if (extents.some((extent) => !allowed.includes(extent.type))) {
    throw new FormatError(`A disk of the type ${createType} has ${allowed.join(' or ')} extents.`);
  }
  if (extents.reduce((sum, extent) => sum + extent.sectors, 0) > SECTORS_MAX) {
    throw new FormatError('The extents together are larger than a disk can be.');
  }
}

function formatExtent({ access, sectors, type, fileName, offsetSectors }: VmdkExtent): string {
  const name = type === 'ZERO' ? '' : ` "${fileName}"`;
  const offset = type === 'FLAT' ? ` ${offsetSectors}` : '';
  return `${access} ${sectors} ${type}${name}${offset}`;
}
