// Offline bundles (depot zip): index.xml names vendors, each vendor's index names a metadata.zip,
// and that holds vibs/*.xml with the relative path, size and checksum of each VIB below vib20/.
import { createHash } from 'node:crypto';
import { Fault } from '../../model/fault.ts';
import { vibId } from '../../model/vib.ts';
import { readZip } from './archive/zip.ts';
import { readVibElement } from './descriptor-reader.ts';
import { childOf, childrenOf, childText, parseXml, type XmlElement } from './xml.ts';

export interface BundledVib {
  id: string;
  /** Where it lies in the bundle: vib20/<name>/<id>.vib. */
  path: string;
  /** The VIB file, whose checksum was found right. The VIB itself is not inspected. */
  bytes: Uint8Array;
}

export interface OfflineBundle {
  vendors: { name: string; code: string }[];
  vibs: BundledVib[];
}

/** Throws VibFormatError or VibChecksumError. */
export async function readOfflineBundle(bytes: Uint8Array): Promise<OfflineBundle> {
  const files = await readZip(bytes, 'The offline bundle');
  const index = parseXml(fileOf(files, 'index.xml'), 'index.xml');
  const vendorElements = childrenOf(index, 'vendor');
  if (index.name !== 'vendorList' || vendorElements.length === 0) {
    throw malformed('index.xml names no vendor');
  }
  const vibs = new Map<string, BundledVib>();
  for (const url of metadataUrls(files, vendorElements)) {
    const metadata = await readZip(fileOf(files, url), url);
    for (const [path, xml] of metadata) {
      if (!/^vibs\/[^/]+\.xml$/.test(path)) continue;
      const vib = bundledVib(files, parseXml(xml, path));
      vibs.set(vib.id, vib);
    }
  }
  const vendors = vendorElements.map((vendor) => ({
    name: childText(vendor, 'name'),
    code: childText(vendor, 'code'),
  }));
  return { vendors, vibs: [...vibs.values()] };
}

function metadataUrls(
  files: ReadonlyMap<string, Uint8Array>,
  vendors: readonly XmlElement[],
): Set<string> {
  const urls = vendors.flatMap((vendor) => {
    const indexFile = childText(vendor, 'indexfile') || 'vendor-index.xml';
    const directory = childText(vendor, 'relativePath').replace(/\/+$/, '');
    const list = parseXml(fileOf(files, joined(directory, indexFile)), indexFile);
    return childrenOf(list, 'metadata').map((item) => joined(directory, childText(item, 'url')));
  });
  if (urls.length === 0) throw malformed('no vendor index names any metadata');
  return new Set(urls);
}

function bundledVib(files: ReadonlyMap<string, Uint8Array>, element: XmlElement): BundledVib {
  const descriptor = readVibElement(element);
  const id = vibId(descriptor);
  const path = childText(element, 'relative-path');
  const bytes = fileOf(files, path);
  const size = childText(element, 'packed-size');
  const checksum = childOf(element, 'checksum');
  const value = checksum ? childText(checksum, 'checksum').toLowerCase() : '';
  if (size !== String(bytes.length)) {
    throw new Fault('VibChecksumError', `${path} has ${bytes.length} bytes, not ${size}.`);
  }
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== value) {
    throw new Fault(
      'VibChecksumError',
      `${path} does not match its checksum: ${found} calculated, ${value.slice(0, 64)} expected.`,
    );
  }
  return { id, path, bytes };
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, path: string): Uint8Array {
  const bytes = files.get(path);
  if (bytes) return bytes;
  throw malformed(`it does not hold ${JSON.stringify(path.slice(0, 200))}`);
}

function joined(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

function malformed(reason: string): Fault {
  return new Fault('VibFormatError', `The file is not a valid offline bundle: ${reason}.`);
}
