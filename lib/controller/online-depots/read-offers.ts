// What an online depot offers: the VIBs that its indexes describe, or, of a URL of one bundle or
// VIB, the file itself.

import {
  type OfferedVib,
  readDepotIndex,
  readDepotMetadata,
  readVendorIndex,
} from '../../formats/vib/online-depot.ts';
import { Fault } from '../../model/fault.ts';
import {
  ONLINE_DEPOT_INDEX_BYTES_MAX,
  ONLINE_DEPOT_INDEXES_MAX,
  ONLINE_DEPOT_METADATA_BYTES_MAX,
  ONLINE_DEPOT_VIBS_MAX,
  VIB_BYTES_MAX,
} from '../../model/limits.ts';
import { type Downloads, openDownload, readDownload } from './download.ts';

export type Offers =
  | { kind: 'index'; vibs: OfferedVib[] }
  | { kind: 'file'; url: string; chunks: AsyncIterable<Uint8Array> };

/** Faults: VibDownloadError, VibFormatError, RequestTooLarge. */
export async function readOffers(downloads: Downloads, url: string): Promise<Offers> {
  const { url: place, chunks } = await openDownload(downloads, entryOf(url), VIB_BYTES_MAX);
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await takeStart(iterator);
  const magic = Buffer.from(first.subarray(0, 8)).toString('latin1');
  if (magic === '!<arch>\n' || magic.startsWith('PK\u0003\u0004')) {
    return { kind: 'file', url: place, chunks: joined(first, iterator) };
  }
  if (!/^(?:\u00ef\u00bb\u00bf)?\s*</.test(magic)) {
    await iterator.return?.();
    const message = `${place} is neither an index of a depot, nor an offline bundle, nor a VIB.`;
    throw new Fault('VibFormatError', message);
  }
  const index = await readIndex(place, joined(first, iterator));
  return { kind: 'index', vibs: await walk(downloads, index, place) };
}

/** A folder stands for its index. */
function entryOf(url: string): string {
  return new URL(url).pathname.endsWith('/') ? new URL('index.xml', url).href : url;
}

async function walk(downloads: Downloads, index: Uint8Array, url: string): Promise<OfferedVib[]> {
  const metadata = new Set<string>();
  for (const vendor of readDepotIndex(index, url)) {
    const file = await readDownload(downloads, vendor, ONLINE_DEPOT_INDEX_BYTES_MAX);
    for (const place of readVendorIndex(file.bytes, file.url)) metadata.add(place);
  }
  if (metadata.size > ONLINE_DEPOT_INDEXES_MAX) {
    const message = `${url} leads to more than ${ONLINE_DEPOT_INDEXES_MAX} metadata files.`;
    throw new Fault('VibFormatError', message);
  }
  const vibs = new Map<string, OfferedVib>();
  for (const place of metadata) {
    const file = await readDownload(downloads, place, ONLINE_DEPOT_METADATA_BYTES_MAX);
    for (const vib of await readDepotMetadata(file.bytes, file.url)) addOffer(vibs, vib, url);
  }
  return [...vibs.values()];
}

/** The same VIB may stand in several indexes. */
function addOffer(vibs: Map<string, OfferedVib>, vib: OfferedVib, url: string): void {
  const known = vibs.get(vib.id);
  if (known && known.sha256 !== vib.sha256) {
    throw new Fault('VibFormatError', `${url} describes ${vib.id} twice, with two checksums.`);
  }
  vibs.set(vib.id, vib);
  if (vibs.size > ONLINE_DEPOT_VIBS_MAX) {
    const message = `${url} describes more than ${ONLINE_DEPOT_VIBS_MAX} VIBs.`;
    throw new Fault('VibFormatError', message);
  }
}

async function takeStart(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array();
  while (start.length < 8) {
    const { done, value } = await iterator.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  return start;
}

async function* joined(
  first: Uint8Array,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

async function readIndex(url: string, chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > ONLINE_DEPOT_INDEX_BYTES_MAX) {
      const message = `${url} is larger than ${ONLINE_DEPOT_INDEX_BYTES_MAX} bytes.`;
      throw new Fault('RequestTooLarge', message);
    }
    read.push(chunk);
  }
  return Buffer.concat(read);
}
