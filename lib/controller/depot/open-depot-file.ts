// A file of the depot for a host that holds a link to it.
import { type FileHandle, open } from 'node:fs/promises';
import { Fault } from '../../model/fault.ts';
import { type DepotFileKind, isDepotLinkValid } from '../agents/depot-links.ts';
import { importFile, readImport } from '../imports/import-store.ts';
import { type Depot, depotPath } from './depot.ts';

export interface DepotFileRequest {
  kind: DepotFileKind;
  fileName: string;
  /** Milliseconds since the epoch. */
  expires: number;
  token: string;
}

export interface OpenDepotFile {
  handle: FileHandle;
  /** Where its bytes begin, and how many they are. */
  start: number;
  sizeBytes: number;
}

/**
 * The caller closes the file. `NoPermission` for a link that is wrong or too old, `FileNotFound`.
 */
export async function openDepotFile(
  { depot, secret }: { depot: Depot; secret: Uint8Array },
  request: DepotFileRequest,
): Promise<OpenDepotFile> {
  // Links are made here alone, so a good one names a file of the depot and no path.
  const isGood = isDepotLinkValid(secret, depot.clock.now(), request);
  if (!isGood || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/.test(request.fileName)) {
    throw new Fault('NoPermission', 'The link to the depot is not valid, or no longer.');
  }
  try {
    if (request.kind === 'imports') return await openImportPart(depot, request.fileName);
    const handle = await open(depotPath(depot, request.kind, request.fileName), 'r');
    return { handle, start: 0, sizeBytes: (await handle.stat()).size };
  } catch (error) {
    const message = `The depot has no file ${request.fileName}.`;
    throw new Fault('FileNotFound', message, { cause: error });
  }
}

/** `<import>.<disk>`: the bytes of which the disk is made. */
async function openImportPart(depot: Depot, name: string): Promise<OpenDepotFile> {
  const [id = '', disk = ''] = name.split('.');
  const { disks } = await readImport(depot, id);
  const part = disks[Number(disk)]?.part;
  if (!part) throw new Fault('FileNotFound', 'The import has no such disk.');
  const handle = await open(importFile(depot, id, part.file), 'r');
  return { handle, start: part.offset, sizeBytes: part.sizeBytes };
}
