// descriptor.xml of a VIB (vib version 5.0) into the descriptor that the inventory knows.
// Reads the spellings of older and newer tools: `live-install-ok`, maintenance mode as text or
// attributes.
import { Fault } from '../../model/fault.ts';
import { VIB_DESCRIPTOR_BYTES_MAX, VIB_MEMBERS_MAX } from '../../model/limits.ts';
import type { AcceptanceLevel, VibDescriptor } from '../../model/vib.ts';
import { checkPath } from './archive/archive-path.ts';
import { childOf, childrenOf, childText, parseXml, type XmlElement } from './xml.ts';

/** What `acceptance-level` says in XML, and the name of the level. */
const ACCEPTANCE_WORDS: Record<string, AcceptanceLevel> = {
  certified: 'VMwareCertified',
  accepted: 'VMwareAccepted',
  partner: 'PartnerSupported',
  community: 'CommunitySupported',
};

const RELATIONS = ['<', '<=', '=', '>=', '>'] as const;
/**
 * The parts of a VIB's id become a directory name, so that they hold nothing a path could be made
 * of.
 */
const ID_PART = /^[A-Za-z0-9_][A-Za-z0-9_.+~-]{0,99}$/;

/** Throws VibFormatError, naming the element, on whatever it cannot take. */
export function readDescriptor(bytes: Uint8Array): VibDescriptor {
  if (bytes.length > VIB_DESCRIPTOR_BYTES_MAX) {
    throw malformed(`it is larger than ${VIB_DESCRIPTOR_BYTES_MAX} bytes`);
  }
  const root = parseXml(bytes, 'descriptor.xml');
  if (root.name !== 'vib') throw malformed(`its root element is ${root.name}, not vib`);
  return readVibElement(root);
}

/** The same for a `vib` element that stands in the metadata of an offline bundle. */
export function readVibElement(root: XmlElement): VibDescriptor {
  const relationships = childOf(root, 'relationships');
  const requirements = childOf(root, 'system-requires');
  return {
    type: idPart(root, 'type'),
    name: idPart(root, 'name'),
    version: idPart(root, 'version'),
    vendor: idPart(root, 'vendor'),
    summary: childText(root, 'summary'),
    description: childText(root, 'description'),
    releaseDate: childText(root, 'release-date'),
    acceptanceLevel: acceptanceOf(childText(root, 'acceptance-level')),
    depends: relationsOf(relationships, 'depends'),
    conflicts: relationsOf(relationships, 'conflicts'),
    replaces: relationsOf(relationships, 'replaces'),
    provides: relationsOf(relationships, 'provides'),
    softwareTags: childrenOf(childOf(root, 'software-tags'), 'tag').map(({ text }) => text.trim()),
    maintenanceModeRequired: requiresMaintenance(requirements),
    softwarePlatforms: childrenOf(requirements, 'softwarePlatform').map(({ attributes }) => ({
      productLineId: attributes.get('productLineID') ?? '',
      version: attributes.get('version') ?? '',
    })),
    files: childrenOf(childOf(root, 'file-list'), 'file').map(({ text }) => listedPath(text)),
    liveInstallAllowed: flag(root, ['live-install-allowed', 'live-install-ok']),
    liveRemoveAllowed: flag(root, ['live-remove-allowed', 'live-remove-ok']),
    payloads: payloadsOf(root),
  };
}

function idPart(root: XmlElement, name: string): string {
  const text = childText(root, name);
  if (!ID_PART.test(text)) throw malformed(`its ${name} is ${JSON.stringify(text.slice(0, 100))}`);
  return text;
}

function acceptanceOf(text: string): AcceptanceLevel {
  const level = Object.hasOwn(ACCEPTANCE_WORDS, text) ? ACCEPTANCE_WORDS[text] : undefined;
  if (!level) throw malformed(`its acceptance-level is ${JSON.stringify(text.slice(0, 40))}`);
  return level;
}

function relationsOf(relationships: XmlElement | null, name: string): VibDescriptor['depends'] {
  const parent = relationships && childOf(relationships, name);
  return childrenOf(parent, 'constraint').map(({ attributes }) => {
    const wanted = attributes.get('relation') ?? '';
    const relation = RELATIONS.find((known) => known === wanted) ?? '';
    if (relation !== wanted) throw malformed(`a ${name} constraint has the relation ${wanted}`);
    return {
      name: attributes.get('name') ?? '',
      relation,
      version: attributes.get('version') ?? '',
    };
  });
}

function requiresMaintenance(requirements: XmlElement | null): boolean {
  const mode = requirements && childOf(requirements, 'maintenance-mode');
  if (!mode) return false;
  const said = [
    mode.text,
    mode.attributes.get('install') ?? '',
    mode.attributes.get('remove') ?? '',
  ];
  return said.some(isTrue);
}

function listedPath(text: string): string {
  return checkPath(text.trim().replace(/^\/+/, ''), 'descriptor.xml');
}

function flag(root: XmlElement, names: readonly string[]): boolean {
  return names.some((name) => isTrue(childText(root, name)));
}

function payloadsOf(root: XmlElement): VibDescriptor['payloads'] {
  const payloads = childrenOf(childOf(root, 'payloads'), 'payload');
  if (payloads.length > VIB_MEMBERS_MAX) throw malformed('it names too many payloads');
  return payloads.map((payload) => {
    const name = payload.attributes.get('name') ?? '';
    const size = payload.attributes.get('size') ?? '';
    if (!/^\d{1,12}$/.test(size)) throw malformed(`payload ${name} has the size "${size}"`);
    return {
      name,
      type: payload.attributes.get('type') ?? '',
      sizeBytes: Number.parseInt(size, 10),
      checksums: childrenOf(payload, 'checksum').map(({ attributes, text }) => ({
        type: attributes.get('checksum-type') ?? '',
        verifyProcess: attributes.get('verify-process') ?? '',
        value: text.trim().toLowerCase(),
      })),
    };
  });
}

function isTrue(text: string): boolean {
  return text.trim() === 'true' || text.trim() === '1';
}

function malformed(what: string): Fault {
  return new Fault('VibFormatError', `descriptor.xml cannot be used: ${what}.`);
}
