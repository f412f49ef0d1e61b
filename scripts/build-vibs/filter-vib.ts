// One folder below filters/ into one signed VIB: the filter's module bundled into a single file
// that imports nothing, another one for its daemon when there is a daemon.ts, its manifest, and the
// descriptor from vib.json.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { ArchiveFile } from '#lib/formats/vib/archive/tar.ts';
import { PLUGIN_ROOT } from '#lib/formats/vib/filter-payload.ts';
import { writeVib } from '#lib/formats/vib/write-vib.ts';
import { type FilterManifest, filterManifestSchema } from '#lib/model/filter.ts';
import { requireAllowed } from '#lib/model/verdict.ts';
import {
  type AcceptanceLevel,
  acceptanceLevelSchema,
  type VibDescriptor,
  vibId,
} from '#lib/model/vib.ts';
import { judgeSigning } from '#lib/rules/filter-install.ts';
import { type Authority, keysFor, PLATFORM_VENDOR } from './authority.ts';
import { bundleModule } from './bundle-module.ts';

/** filters/<name>/vib.json */
const vibJsonSchema = z.strictObject({
  version: z.string(),
  vendor: z.string(),
  acceptanceLevel: acceptanceLevelSchema,
  description: z.string(),
  releaseDate: z.iso.datetime({ offset: true }),
});

export interface BuiltVib {
  descriptor: Omit<VibDescriptor, 'files' | 'payloads'>;
  bytes: Uint8Array;
}

export async function buildFilterVib({
  directory,
  authority,
  version,
  level,
}: {
  directory: string;
  authority: Authority;
  /** Instead of the one in vib.json. */
  version?: string;
  /** Instead of the one in vib.json. */
  level?: AcceptanceLevel;
}): Promise<BuiltVib> {
  const settings = vibJsonSchema.parse(
    JSON.parse(await readFile(path.join(directory, 'vib.json'), 'utf8')),
  );
  const entry = path.join(directory, 'index.ts');
  const module = await bundleModule(entry);
  const daemonEntry = path.join(directory, 'daemon.ts');
  const daemon = existsSync(daemonEntry) ? await bundleModule(daemonEntry) : null;
  const manifest = await manifestOf(entry, module, daemon);
  const descriptor = {
    ...settings,
    version: version ?? settings.version,
    acceptanceLevel: level ?? settings.acceptanceLevel,
    type: 'bootbank',
    name: manifest.name,
    summary: manifest.summary,
    depends: [],
    conflicts: [],
    replaces: [],
    provides: [],
    softwareTags: ['iofilter', `class:${manifest.class}`],
    maintenanceModeRequired: false,
    softwarePlatforms: [],
    liveInstallAllowed: true,
    liveRemoveAllowed: true,
  };
  requireAllowed(
    judgeSigning({
      vibId: vibId(descriptor),
      vendor: descriptor.vendor,
      platformVendor: PLATFORM_VENDOR,
      filterClass: manifest.class,
      level: descriptor.acceptanceLevel,
    }),
  );
  const bytes = await writeVib({
    descriptor,
    files: [
      file(manifest.entry, module),
      ...(manifest.daemon && daemon ? [file(manifest.daemon.entry, daemon)] : []),
      file(`${PLUGIN_ROOT}/${manifest.name}/filter.json`, jsonBytes(manifest)),
    ],
    payloadName: manifest.name.slice(0, 8),
    keys: keysFor(authority, descriptor.acceptanceLevel),
  });
  return { descriptor, bytes };
}

async function manifestOf(
  entry: string,
  module: Uint8Array,
  daemon: Uint8Array | null,
): Promise<FilterManifest> {
  const imported: { default?: { name?: string } } = await import(pathToFileURL(entry).href);
  const definition = imported.default ?? {};
  return filterManifestSchema.parse({
    ...definition,
    entry: `${PLUGIN_ROOT}/${definition.name}/filter.js`,
    entrySha256: sha256(module),
    ...(daemon && {
      daemon: { entry: `${PLUGIN_ROOT}/${definition.name}/daemon.mjs`, sha256: sha256(daemon) },
    }),
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function file(filePath: string, bytes: Uint8Array): ArchiveFile {
  return { path: filePath, mode: 0o644, bytes };
}

function jsonBytes(value: FilterManifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
