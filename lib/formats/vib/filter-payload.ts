// The I/O filter inside a VIB: usr/lib/vmware/plugin/<name>/ holds filter.json and the ES modules
// that it names: the filter, and its daemon if it has one.
import { createHash } from 'node:crypto';
import { Fault } from '../../model/fault.ts';
import { type FilterManifest, filterManifestSchema } from '../../model/filter.ts';
import type { ArchiveFile } from './archive/tar.ts';

/** Below it, one directory to a filter; a filter's VIB may bring files nowhere else. */
export const PLUGIN_ROOT = 'usr/lib/vmware/plugin';
const MANIFEST_PATH = /^usr\/lib\/vmware\/plugin\/([^/]+)\/filter\.json$/;
const MANIFEST_BYTES_MAX = 256 * 1024;

/**
 * Null when the files hold no filter. Throws VibFormatError when they hold one that is not whole.
 */
export function findFilterManifest(files: readonly ArchiveFile[]): FilterManifest | null {
  const found = files.filter(({ path }) => MANIFEST_PATH.test(path));
  const [file] = found;
  if (!file) return null;
  if (found.length > 1) throw malformed('it brings more than one filter');
  const manifest = parseManifest(file);
  const directory = file.path.slice(0, file.path.lastIndexOf('/'));
  if (directory !== `${PLUGIN_ROOT}/${manifest.name}`) {
    throw malformed(`${file.path} is the manifest of ${manifest.name}`);
  }
  requireModule(files, directory, { path: manifest.entry, sha256: manifest.entrySha256 });
  const { daemon } = manifest;
  if (daemon) requireModule(files, directory, { path: daemon.entry, sha256: daemon.sha256 });
  return manifest;
}

function requireModule(
  files: readonly ArchiveFile[],
  directory: string,
  { path, sha256 }: { path: string; sha256: string },
): void {
  const module = files.find((file) => file.path === path);
  if (!module?.path.startsWith(`${directory}/`)) {
    throw malformed(`its module ${path} is not among the files of the filter`);
  }
  if (createHash('sha256').update(module.bytes).digest('hex') !== sha256) {
    throw malformed(`${path} is not the module that filter.json was written for`);
  }
}

function parseManifest({ path, bytes }: Pick<ArchiveFile, 'path' | 'bytes'>): FilterManifest {
  if (bytes.length > MANIFEST_BYTES_MAX) throw malformed(`${path} is too large`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(`${path} is not JSON`, cause);
  }
  const result = filterManifestSchema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw malformed(`${path}, ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function malformed(reason: string, cause?: unknown): Fault {
  return new Fault('VibFormatError', `The I/O filter of the VIB is not whole: ${reason}.`, {
    cause,
  });
}
