// NBD addresses as URIs (doc/uri.md of the NetworkBlockDevice project), without TLS:
// `nbd://host:port/export` and `nbd+unix:///export?socket=/path`.
import { Fault } from '#lib/model/fault.ts';

const DEFAULT_PORT = 10_809;
const SOCKET_PATH_BYTES_MAX = 107;

/** Where a server listens. */
export type NbdPlace = { path: string } | { host: string; port: number };

export interface NbdTarget {
  place: NbdPlace;
  exportName: string;
}

export function isNbdUri(text: string): boolean {
  return text.startsWith('nbd://') || text.startsWith('nbd+unix://');
}

/** Throws `InvalidArgument` for anything else than the two forms. */
export function parseNbdUri(text: string): NbdTarget {
  if (!isNbdUri(text) || !URL.canParse(text)) throw refused(text, 'it is not an NBD URI');
  const url = new URL(text);
  if (url.username !== '' || url.hash !== '') throw refused(text, 'it names a user or a fragment');
  const exportName = decode(text, url.pathname.replace(/^\//, ''));
  if (url.protocol === 'nbd+unix:') {
    const path = url.searchParams.get('socket') ?? '';
    const tooLong = Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX;
    const plain = path.startsWith('/') && !tooLong && !path.split('/').includes('..');
    if (!plain || path.includes('\0')) throw refused(text, 'its socket is not an absolute path');
    return { place: { path }, exportName };
  }
  if (url.search !== '') throw refused(text, 'it has a query');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw refused(text, 'it names no host');
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return { place: { host, port }, exportName };
}

/** As text for messages and files. */
export function formatNbdUri({ place, exportName }: NbdTarget): string {
  const name = encodeURIComponent(exportName);
  if ('path' in place) return `nbd+unix:///${name}?socket=${encodeURIComponent(place.path)}`;
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  return `nbd://${host}:${place.port}/${name}`;
}

function decode(text: string, name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (cause) {
    throw refused(text, `its export name cannot be read (${String(cause)})`);
  }
}

function refused(text: string, why: string): Fault {
  return new Fault('InvalidArgument', `The address "${text.slice(0, 200)}" is refused: ${why}.`);
}
