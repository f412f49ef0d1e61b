// The filter on trial, out of its VIB: what it says of itself, its module in a file, and a second
// version of it, the same code under another version and hash, as an update would bring it.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LaunchFilter } from '#host/world/launch.ts';
import { PLUGIN_ROOT } from '#lib/formats/vib/filter-payload.ts';
import { type OpenVib, openVib } from '#lib/formats/vib/open-vib.ts';
import type { TrustedRoot } from '#lib/formats/vib/trusted-roots.ts';
import { writeVib } from '#lib/formats/vib/write-vib.ts';
import { Fault } from '#lib/model/fault.ts';
import type { FilterManifest } from '#lib/model/filter.ts';

export interface Candidate {
  vib: OpenVib;
  manifest: FilterManifest;
  module: Uint8Array;
  /** The daemon's module, and the file that it is in; null for a filter without. */
  daemon: { module: Uint8Array; path: string } | null;
  launch: LaunchFilter;
  /** The same filter as its next version would be. */
  next: { version: string; launch: LaunchFilter };
}

/** Throws VibFormatError and its like when the VIB is not whole, or brings no filter. */
export async function openCandidate(
  bytes: Uint8Array,
  { roots, nowMs, directory }: { roots: readonly TrustedRoot[]; nowMs: number; directory: string },
): Promise<Candidate> {
  const vib = await openVib({ bytes, roots, nowMs });
  const launch = await unpack(vib, path.join(directory, 'this'));
  const version = nextVersion(vib.inspection.descriptor.version);
  const nextBytes = await rebuilt(vib, version);
  const next = await openVib({ bytes: nextBytes, roots, nowMs });
  return {
    vib,
    manifest: manifestOf(vib),
    module: moduleOf(vib),
    daemon: await unpackDaemon(vib, path.join(directory, 'this')),
    launch,
    next: { version, launch: await unpack(next, path.join(directory, 'next')) },
  };
}

async function unpack(vib: OpenVib, directory: string): Promise<LaunchFilter> {
  const { name, class: filterClass, entrySha256 } = manifestOf(vib);
  await mkdir(directory, { recursive: true });
  const entryPath = path.join(directory, 'filter.js');
  await writeFile(entryPath, moduleOf(vib));
  return { name, class: filterClass, properties: {}, entryPath, entrySha256 };
}

async function unpackDaemon(vib: OpenVib, directory: string): Promise<Candidate['daemon']> {
  const { daemon } = manifestOf(vib);
  if (!daemon) return null;
  const file = vib.files.find((each) => each.path === daemon.entry);
  if (!file) throw new Fault('VibFormatError', `The VIB has no ${daemon.entry}.`);
  const daemonPath = path.join(directory, 'daemon.mjs');
  await writeFile(daemonPath, file.bytes);
  return { module: file.bytes, path: daemonPath };
}

function manifestOf({ inspection: { id, filter } }: OpenVib): FilterManifest {
  if (filter) return filter;
  throw new Fault('InvalidArgument', `VIB ${id} brings no I/O filter.`);
}

function moduleOf(vib: OpenVib): Uint8Array {
  const { entry } = manifestOf(vib);
  const file = vib.files.find((each) => each.path === entry);
  if (file) return file.bytes;
  throw new Fault('VibFormatError', `The VIB has no ${entry}.`);
}

/** A community VIB of the same filter whose module ends with one more comment. */
function rebuilt(vib: OpenVib, version: string): Promise<Uint8Array> {
  const manifest = manifestOf(vib);
  const module = Buffer.concat([moduleOf(vib), Buffer.from(`\n// Version ${version}.\n`)]);
  const entrySha256 = createHash('sha256').update(module).digest('hex');
  const { files: _files, payloads: _payloads, ...descriptor } = vib.inspection.descriptor;
  const manifestPath = `${PLUGIN_ROOT}/${manifest.name}/filter.json`;
  const replaced = new Map<string, Uint8Array>([
    [manifest.entry, module],
    [manifestPath, Buffer.from(JSON.stringify({ ...manifest, entrySha256 }))],
  ]);
  return writeVib({
    descriptor: { ...descriptor, version, acceptanceLevel: 'CommunitySupported' },
    files: vib.files.map((file) => ({ ...file, bytes: replaced.get(file.path) ?? file.bytes })),
    payloadName: 'next',
    keys: [],
  });
}

/** The last number counted up: `1.0.0` becomes `1.0.1`. */
function nextVersion(version: string): string {
  const match = /^(.*?)(\d+)(\D*)$/.exec(version);
  return match ? `${match[1]}${Number(match[2]) + 1}${match[3]}` : `${version}.1`;
}
