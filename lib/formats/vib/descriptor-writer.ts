// Writes descriptor.xml. The same descriptor gives the same bytes, because the signature is over
// them.
import type { AcceptanceLevel, VibDescriptor } from '../../model/vib.ts';
import { escapeXml } from './xml.ts';

const LEVEL_WORDS: Record<AcceptanceLevel, string> = {
  VMwareCertified: 'certified',
  VMwareAccepted: 'accepted',
  PartnerSupported: 'partner',
  CommunitySupported: 'community',
};

/** One element to a line, in the order in which VMware's own tools write them. */
export function writeDescriptor(descriptor: VibDescriptor): string {
  return `${['<vib version="5.0">', ...descriptorLines(descriptor), '</vib>'].join('\n')}\n`;
}

/** The lines inside the `vib` element, which an offline bundle repeats in its metadata. */
export function descriptorLines(descriptor: VibDescriptor): string[] {
  return [
    element('type', descriptor.type),
    element('name', descriptor.name),
    element('version', descriptor.version),
    element('vendor', descriptor.vendor),
    element('summary', descriptor.summary),
    element('description', descriptor.description),
    element('release-date', descriptor.releaseDate),
    '<urls/>',
    relationshipLines(descriptor),
    listLines('software-tags', 'tag', descriptor.softwareTags),
    requirementLines(descriptor),
    listLines('file-list', 'file', descriptor.files),
    element('acceptance-level', LEVEL_WORDS[descriptor.acceptanceLevel]),
    element('live-install-allowed', String(descriptor.liveInstallAllowed)),
    element('live-remove-allowed', String(descriptor.liveRemoveAllowed)),
    '<cimom-restart>false</cimom-restart>',
    '<stateless-ready>true</stateless-ready>',
    '<overlay>false</overlay>',
    payloadLines(descriptor),
  ].flat();
}

function relationshipLines(descriptor: VibDescriptor): string[] {
  const lines = (['depends', 'conflicts', 'replaces', 'provides'] as const).flatMap((kind) => {
    const constraints = descriptor[kind].map(({ name, relation, version }) => {
      const bound =
        relation === '' ? '' : ` relation="${escapeXml(relation)}" version="${escapeXml(version)}"`;
      return `<constraint name="${escapeXml(name)}"${bound}/>`;
    });
    return constraints.length === 0 ? [`<${kind}/>`] : [`<${kind}>`, ...constraints, `</${kind}>`];
  });
  return ['<relationships>', ...lines, '<compatibleWith/>', '</relationships>'];
}

function requirementLines(descriptor: VibDescriptor): string[] {
  const platforms = descriptor.softwarePlatforms.map(({ productLineId, version }) => {
    const product = `productLineID="${escapeXml(productLineId)}"`;
    return `<softwarePlatform locale="" ${product} version="${escapeXml(version)}"/>`;
  });
  return [
    '<system-requires>',
    element('maintenance-mode', String(descriptor.maintenanceModeRequired)),
    ...platforms,
    '</system-requires>',
  ];
}

function payloadLines(descriptor: VibDescriptor): string[] {
  const lines = descriptor.payloads.flatMap(({ name, type, sizeBytes, checksums }) => [
    `<payload name="${escapeXml(name)}" type="${escapeXml(type)}" size="${sizeBytes}">`,
    ...checksums.map((checksum) => {
      const process =
        checksum.verifyProcess === ''
          ? ''
          : ` verify-process="${escapeXml(checksum.verifyProcess)}"`;
      const type = `checksum-type="${escapeXml(checksum.type)}"`;
      return `<checksum ${type}${process}>${escapeXml(checksum.value)}</checksum>`;
    }),
    '</payload>',
  ]);
  return ['<payloads>', ...lines, '</payloads>'];
}

function listLines(parent: string, child: string, values: readonly string[]): string[] {
  if (values.length === 0) return [`<${parent}/>`];
  return [`<${parent}>`, ...values.map((value) => element(child, value)), `</${parent}>`];
}

function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}
