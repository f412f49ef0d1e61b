// Writes an offline bundle (depot zip) that hosts and other tools can read. The same VIBs give the
// same bytes.
import { createHash } from 'node:crypto';
import { type VibDescriptor, vibId } from '../../model/vib.ts';
import { readAr } from './archive/ar.ts';
import { writeZip } from './archive/zip.ts';
import { readDescriptor } from './descriptor-reader.ts';
import { descriptorLines } from './descriptor-writer.ts';
import { escapeXml } from './xml.ts';

interface Bundled {
  descriptor: VibDescriptor;
  id: string;
  path: string;
  bytes: Uint8Array;
}

export interface BundleContents {
  vendor: { name: string; code: string };
  /** Id and title of the bulletin that holds all VIBs. */
  bulletin: { id: string; summary: string; releaseDate: string };
  vibs: readonly Uint8Array[];
}

export async function writeOfflineBundle(contents: BundleContents): Promise<Uint8Array> {
  const vibs = contents.vibs.map(bundledOf).sort((a, b) => (a.id < b.id ? -1 : 1));
  const vendorIndex = vendorIndexXml(contents);
  const metadata = await writeZip(
    new Map([
      ['vendor-index.xml', vendorIndex],
      ['vmware.xml', bulletinXml(contents, vibs)],
      ...vibs.map((vib) => [`vibs/${vib.descriptor.name}-${vib.id}.xml`, vibXml(vib)] as const),
    ]),
  );
  return writeZip(
    new Map([
      ['index.xml', indexXml(contents)],
      ['vendor-index.xml', vendorIndex],
      ['metadata.zip', metadata],
      ...vibs.map(({ path, bytes }) => [path, bytes] as const),
    ]),
  );
}

function bundledOf(bytes: Uint8Array): Bundled {
  const descriptor = readDescriptor(readAr(bytes)[0]?.bytes ?? new Uint8Array());
  const id = vibId(descriptor);
  return { descriptor, id, path: `vib20/${descriptor.name}/${id}.vib`, bytes };
}

function indexXml({ vendor }: BundleContents): Uint8Array {
  return xml([
    '<vendorList>',
    '<vendor>',
    tag('name', vendor.name),
    tag('code', vendor.code),
    '<indexfile>vendor-index.xml</indexfile>',
    '<patchUrl/>',
    '<relativePath/>',
    '<content>',
    '<name>VMware ESX</name>',
    '<type>http://www.vmware.com/depotmanagement/esx</type>',
    '</content>',
    '</vendor>',
    '</vendorList>',
  ]);
}

function vendorIndexXml({ vendor }: BundleContents): Uint8Array {
  return xml([
    '<metaList>',
    '<metadata>',
    '<productId>embeddedEsx</productId>',
    '<version>6.*</version>',
    '<locale/>',
    '<url>metadata.zip</url>',
    tag('channelName', vendor.name),
    '</metadata>',
    '</metaList>',
  ]);
}

function bulletinXml({ vendor, bulletin }: BundleContents, vibs: readonly Bundled[]): Uint8Array {
  return xml([
    '<metadataResponse>',
    '<version>3.0</version>',
    tag('timestamp', bulletin.releaseDate),
    '<bulletin>',
    tag('id', bulletin.id),
    tag('vendor', vendor.name),
    tag('summary', bulletin.summary),
    '<severity>general</severity>',
    '<category>general</category>',
    '<urgency>general</urgency>',
    '<releaseType>extension</releaseType>',
    tag('description', bulletin.summary),
    '<kbUrl/>',
    '<contact/>',
    tag('releaseDate', bulletin.releaseDate),
    '<platforms>',
    '<softwarePlatform locale="" productLineID="embeddedEsx" version="6.*"/>',
    '</platforms>',
    '<vibList>',
    ...vibs.flatMap(bulletinVibLines),
    '</vibList>',
    '</bulletin>',
    '</metadataResponse>',
  ]);
}

function bulletinVibLines({ descriptor, id, path, bytes }: Bundled): string[] {
  const maintenance = tag('maintenanceMode', String(descriptor.maintenanceModeRequired));
  return [
    '<vib>',
    '<vibVersion>1.4.5</vibVersion>',
    tag('vibID', id),
    tag('name', descriptor.name),
    tag('version', descriptor.version),
    tag('vendor', descriptor.vendor),
    tag('vibType', descriptor.type),
    tag('summary', descriptor.summary),
    `<systemReqs>${maintenance}</systemReqs>`,
    '<postInstall>',
    '<rebootRequired>false</rebootRequired>',
    '<hostdRestart>false</hostdRestart>',
    '</postInstall>',
    '<vibFile>',
    '<sourceUrl/>',
    tag('relativePath', path),
    tag('packedSize', String(bytes.length)),
    ...checksumLines(bytes, 'checksumType'),
    '</vibFile>',
    '</vib>',
  ];
}

function vibXml({ descriptor, path, bytes }: Bundled): Uint8Array {
  return xml([
    '<vib version="5.0">',
    ...descriptorLines(descriptor),
    tag('relative-path', path),
    tag('packed-size', String(bytes.length)),
    ...checksumLines(bytes, 'checksum-type'),
    '</vib>',
  ]);
}

function checksumLines(bytes: Uint8Array, typeTag: string): string[] {
  const value = createHash('sha256').update(bytes).digest('hex');
  return ['<checksum>', tag(typeTag, 'sha-256'), tag('checksum', value), '</checksum>'];
}

function xml(lines: readonly string[]): Uint8Array {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
  return new TextEncoder().encode(`${[declaration, ...lines].join('\n')}\n`);
}

function tag(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}
