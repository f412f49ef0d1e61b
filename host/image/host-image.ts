// The image of a host: the VIBs installed on it, and its acceptance level. On disk:
//   image.json            the acceptance level
//   vibs/<id>/vib.json    what the VIB is;  vibs/<id>/files/…  what it brought
//   staging/              work in progress; whatever is there when the image is opened is left over
// A VIB is installed by one rename and removed by one, so that a crash leaves it wholly there or
// not at all. One that replaces an older version says so in its vib.json: where a crash left both,
// the older one goes when the image is opened.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '#lib/base/clock.ts';
import { Mutex } from '#lib/base/mutex.ts';
import { openVib } from '#lib/formats/vib/open-vib.ts';
import type { TrustedRoot } from '#lib/formats/vib/trusted-roots.ts';
import { Fault } from '#lib/model/fault.ts';
import type { FilterManifest } from '#lib/model/filter.ts';
import type { HostVersion } from '#lib/model/inventory.ts';
import { VIB_BYTES_MAX } from '#lib/model/limits.ts';
import { type AcceptanceLevel, acceptanceLevelSchema, compareAcceptance } from '#lib/model/vib.ts';
import { type InstalledVib, installedVibSchema } from '#lib/wire/agent/host-rpc.ts';
import { syncDirectory, writeFileDurably } from '../datastore/write-file.ts';
import { reasonsAgainstInstall } from './judge-install.ts';
import { unpackDurably } from './unpack.ts';

const stateSchema = z.object({ acceptanceLevel: acceptanceLevelSchema });
/** vib.json; `replaced` is the id of the version that was there before. */
const storedVibSchema = installedVibSchema.extend({ replaced: z.string().optional() });

export interface ImageOptions {
  directory: string;
  trustedRoots: readonly TrustedRoot[];
  clock: Clock;
}

export interface InstallRequest {
  /** The bytes of the VIB, or the path of a file with them. */
  source: Uint8Array | string;
  /** Version of the host. */
  product: { version: HostVersion };
  /** Takes the place of an older version of the same vendor and name. */
  upgrade?: boolean;
  /** Told when a step begins. */
  onStep?(step: 'verifying' | 'unpacking'): void;
}

export interface InstalledFilter {
  vib: InstalledVib;
  manifest: FilterManifest;
  /** Absolute path of the ES module. */
  entryPath: string;
  /** Of its daemon's; null when it has none. */
  daemonPath: string | null;
}

/**
 * Cleans up what a crash left, and reads what is installed. Throws FileFault when that cannot be
 * read.
 */
export async function openImage(options: ImageOptions): Promise<HostImage> {
  const { directory } = options;
  await rm(join(directory, 'staging'), { recursive: true, force: true });
  for (const name of ['vibs', 'staging']) {
    await mkdir(join(directory, name), { recursive: true, mode: 0o700 });
  }
  const vibs = await readVibs(directory);
  const state = await readJson(join(directory, 'image.json'), stateSchema);
  return new HostImage(options, vibs, state?.acceptanceLevel ?? 'PartnerSupported');
}

async function readVibs(directory: string): Promise<Map<string, InstalledVib>> {
  const vibs = new Map<string, InstalledVib>();
  const replaced = new Set<string>();
  for (const id of (await readdir(join(directory, 'vibs'))).sort()) {
    const stored = await readJson(join(directory, 'vibs', id, 'vib.json'), storedVibSchema);
    if (stored?.id !== id) {
      throw new Fault('FileFault', `The image holds ${id}, which is not a VIB.`);
    }
    const { replaced: older, ...vib } = stored;
    if (older !== undefined) replaced.add(older);
    vibs.set(id, vib);
  }
  for (const id of replaced) {
    if (!vibs.delete(id)) continue;
    await rm(join(directory, 'vibs', id), { recursive: true });
  }
  return vibs;
}

export class HostImage {
  readonly #directory: string;
  readonly #roots: readonly TrustedRoot[];
  readonly #clock: Clock;
  readonly #vibs: Map<string, InstalledVib>;
  readonly #changes = new Mutex();
  #level: AcceptanceLevel;
  #staged = 0;

  /** Use `openImage`. */
  constructor(
    { directory, trustedRoots, clock }: ImageOptions,
    vibs: Map<string, InstalledVib>,
    level: AcceptanceLevel,
  ) {
    this.#directory = directory;
    this.#roots = trustedRoots;
    this.#clock = clock;
    this.#vibs = vibs;
    this.#level = level;
  }

  get acceptanceLevel(): AcceptanceLevel {
    return this.#level;
  }

  list(): InstalledVib[] {
    return [...this.#vibs.values()];
  }

  /** Throws AcceptanceConfigError when a VIB of a lower level is installed. */
  setAcceptanceLevel(level: AcceptanceLevel): Promise<void> {
    return this.#changes.run(async () => {
      const below = this.list().filter(
        ({ descriptor }) => compareAcceptance(descriptor.acceptanceLevel, level) < 0,
      );
      if (below.length > 0) {
        const names = below.map(({ id }) => id).join(', ');
        throw new Fault(
          'AcceptanceConfigError',
          `The acceptance level cannot be raised to ${level}: ${names} would be below it.`,
        );
      }
      const path = join(this.#directory, 'image.json');
      await writeFileDurably(path, JSON.stringify({ acceptanceLevel: level }));
      this.#level = level;
    });
  }

  /**
   * Verifies and installs. A VIB that is installed already, with the same bytes, is left as it is.
   * Throws the fault of the first reason against it, with all of them.
   */
  installVib(request: InstallRequest): Promise<{ vib: InstalledVib; alreadyInstalled: boolean }> {
    return this.#changes.run(() => this.#install(request));
  }

  /** Throws NotFound, or ResourceInUse when another VIB depends on it. */
  removeVib(id: string): Promise<void> {
    return this.#changes.run(async () => {
      const vib = this.#vibs.get(id);
      if (!vib) throw new Fault('NotFound', `VIB ${id} is not installed on this host.`);
      const names = new Set([vib.descriptor.name, ...vib.descriptor.provides.map((p) => p.name)]);
      const dependent = this.list().find(({ descriptor }) =>
        descriptor.depends.some(({ name }) => names.has(name)),
      );
      if (dependent && dependent.id !== id) {
        throw new Fault('ResourceInUse', `VIB ${dependent.id} depends on ${id}.`);
      }
      await this.#bury(id);
    });
  }

  async #bury(id: string): Promise<void> {
    const grave = this.#stagingPath();
    this.#vibs.delete(id);
    await rename(this.#pathOf(id), grave);
    await syncDirectory(join(this.#directory, 'vibs'));
    // It is out of the image already; what cannot be deleted now is deleted when the image opens
    // next.
    await rm(grave, { recursive: true }).catch(() => undefined);
  }

  /**
   * The filter of that name, or null when no installed VIB brings it. Reads the module again and
   * throws CannotOpenDisk when it is not what was installed.
   */
  findFilter(name: string): InstalledFilter | null {
    const vib = this.list().find(({ filter }) => filter?.name === name);
    const manifest = vib?.filter;
    if (!vib || !manifest) return null;
    const installed = this.#installedFilter(vib, manifest);
    const found = hashOfFile(installed.entryPath, name);
    if (found === manifest.entrySha256) return installed;
    throw new Fault(
      'CannotOpenDisk',
      `The module of the I/O filter ${name} was changed after ${vib.id} was installed.`,
      { data: { filter: name, operation: 'load' } },
    );
  }

  /** All filters of the image; their modules are not read. */
  listFilters(): InstalledFilter[] {
    return this.list().flatMap((vib) => (vib.filter ? this.#installedFilter(vib, vib.filter) : []));
  }

  #installedFilter(vib: InstalledVib, manifest: FilterManifest): InstalledFilter {
    const files = join(this.#pathOf(vib.id), 'files');
    const { entry, daemon } = manifest;
    const daemonPath = daemon ? join(files, daemon.entry) : null;
    return { vib, manifest, entryPath: join(files, entry), daemonPath };
  }

  async #install({ source, product, upgrade = false, onStep }: InstallRequest) {
    onStep?.('verifying');
    const bytes = typeof source === 'string' ? await readVibFile(source) : source;
    const vib = await openVib({ bytes, roots: this.#roots, nowMs: this.#clock.now() });
    const { id, sha256 } = vib.inspection;
    const before = this.#vibs.get(id);
    if (before?.sha256 === sha256) return { vib: before, alreadyInstalled: true };
    const older = upgrade ? this.#versionOf(vib.inspection.descriptor) : undefined;
    const reasons = reasonsAgainstInstall({
      vib,
      installed: this.list(),
      replaced: older ?? null,
      acceptanceLevel: this.#level,
      hostVersion: product.version,
    });
    const [first] = reasons;
    if (first) throw new Fault(first.fault, first.message, { reasons });
    onStep?.('unpacking');
    const installed: InstalledVib = { ...vib.inspection, installedAt: this.#clock.now() };
    const stored = older ? { ...installed, replaced: older.id } : installed;
    const staged = this.#stagingPath();
    try {
      await unpackDurably(join(staged, 'files'), vib.files);
      await writeFileDurably(join(staged, 'vib.json'), JSON.stringify(stored));
      await rename(staged, this.#pathOf(id));
    } catch (cause) {
      await rm(staged, { recursive: true, force: true });
      throw new Fault('FileFault', `VIB ${id} could not be unpacked: ${String(cause)}`, { cause });
    }
    this.#vibs.set(id, installed);
    await syncDirectory(join(this.#directory, 'vibs'));
    if (older) await this.#bury(older.id);
    return { vib: installed, alreadyInstalled: false };
  }

  #versionOf({ vendor, name }: { vendor: string; name: string }): InstalledVib | undefined {
    return this.list().find((vib) => isVersionOf(vib, { vendor, name }));
  }

  #pathOf(id: string): string {
    return join(this.#directory, 'vibs', id);
  }

  #stagingPath(): string {
    this.#staged += 1;
    return join(this.#directory, 'staging', String(this.#staged));
  }
}

function isVersionOf(
  { descriptor }: InstalledVib,
  { vendor, name }: { vendor: string; name: string },
): boolean {
  return descriptor.vendor === vendor && descriptor.name === name;
}

async function readVibFile(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > VIB_BYTES_MAX) {
      throw new Fault('VibFormatError', `The file is larger than ${VIB_BYTES_MAX} bytes.`);
    }
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault('FileNotFound', `The VIB ${path} cannot be read.`, { cause });
  }
}

/** Null when there is no such file. */
async function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw cause;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault('FileFault', `${path} of the host's image is damaged.`, { cause });
  }
}

function hashOfFile(path: string, filter: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (cause) {
    throw new Fault('CannotOpenDisk', `The module of the I/O filter ${filter} is missing.`, {
      cause,
      data: { filter, operation: 'load' },
    });
  }
}
