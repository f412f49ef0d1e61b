// Online depots: index.xml names vendors, each vendor's index names metadata.zip files beside it,
// and these describe the VIBs with relative path, size and checksum. What an offline bundle has in
// one file lies at URLs here; nothing may lead to another server.
import { Fault } from '../../model/fault.ts';
import {
  ONLINE_DEPOT_INDEXES_MAX,
  ONLINE_DEPOT_VIBS_MAX,
  VIB_BYTES_MAX,
} from '../../model/limits.ts';
import { vibId } from '../../model/vib.ts';
import { readZip } from './archive/zip.ts';
import { readVibElement } from './descriptor-reader.ts';
import { childOf, childrenOf, childText, parseXml, type XmlElement } from './xml.ts';

/** A VIB as the metadata describes it; the file itself has not been looked at. */
export interface OfferedVib {
  id: string;
  url: string;
  sizeBytes: number;
  /** Of the file, in lower-case hex. */
  sha256: string;
}

/** The URLs of the vendors' indexes. Throws VibFormatError. */
export function readDepotIndex(bytes: Uint8Array, url: string): string[] {
  const root = parseXml(bytes, url);
  const vendors = childrenOf(root, 'vendor');
  if (root.name !== 'vendorList' || vendors.length === 0) {
    throw malformed(url, 'it names no vendor');
  }
  return bounded(url, vendors, (vendor) => {
    const directory = childText(vendor, 'relativePath').replace(/\/+$/, '');
    const file = childText(vendor, 'indexfile') || 'vendor-index.xml';
    return within(url, directory === '' ? file : `${directory}/${file}`);
  });
}

/** The URLs of the metadata that a vendor's index names. Throws VibFormatError. */
export function readVendorIndex(bytes: Uint8Array, url: string): string[] {
  const root = parseXml(bytes, url);
  const items = childrenOf(root, 'metadata');
  if (root.name !== 'metaList' || items.length === 0) throw malformed(url, 'it names no metadata');
  return bounded(url, items, (item) => within(url, childText(item, 'url')));
}

/** The VIBs that a metadata.zip describes, at URLs beside it. Throws VibFormatError. */
export async function readDepotMetadata(bytes: Uint8Array, url: string): Promise<OfferedVib[]> {
  const offers: OfferedVib[] = [];
  for (const [path, xml] of await readZip(bytes, url)) {
    if (!/^vibs\/[^/]+\.xml$/.test(path)) continue;
    if (offers.length >= ONLINE_DEPOT_VIBS_MAX) {
      throw malformed(url, `it describes more than ${ONLINE_DEPOT_VIBS_MAX} VIBs`);
    }
    offers.push(readOffer(parseXml(xml, `${url}, ${path}`), url));
  }
  return offers;
}

function readOffer(element: XmlElement, url: string): OfferedVib {
  const id = vibId(readVibElement(element));
  const size = childText(element, 'packed-size');
  const checksum = childOf(element, 'checksum');
  const type = checksum ? childText(checksum, 'checksum-type') : '';
  const value = checksum ? childText(checksum, 'checksum').toLowerCase() : '';
  if (!/^[1-9]\d{0,11}$/.test(size) || Number(size) > VIB_BYTES_MAX) {
    throw malformed(url, `${id} has the size ${JSON.stringify(size.slice(0, 40))}`);
  }
  if (type !== 'sha-256' || !/^[0-9a-f]{64}$/.test(value)) {
    throw malformed(url, `${id} has no SHA-256 checksum`);
  }
  const place = within(url, childText(element, 'relative-path'));
  return { id, url: place, sizeBytes: Number(size), sha256: value };
}

function bounded(
  url: string,
  elements: readonly XmlElement[],
  read: (element: XmlElement) => string,
): string[] {
  if (elements.length > ONLINE_DEPOT_INDEXES_MAX) {
    throw malformed(url, `it names more than ${ONLINE_DEPOT_INDEXES_MAX} files`);
  }
  return [...new Set(elements.map(read))];
}

/** Of a path in a file of the depot: the URL, on the same server. */
function within(base: string, path: string): string {
  const shown = JSON.stringify(path.slice(0, 200));
  if (path === '' || !URL.canParse(path, base)) throw malformed(base, `${shown} is no path`);
  const place = new URL(path, base);
  if (place.origin !== new URL(base).origin) {
    throw malformed(base, `${shown} leads to another server`);
  }
  return place.href;
}

function malformed(url: string, reason: string): Fault {
  return new Fault('VibFormatError', `${url} is not a valid depot: ${reason}.`);
}
