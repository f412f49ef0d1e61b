// `npm run build:vibs`: builds each folder below filters/ into a VIB signed by the lab's own
// certificate authority, a community VIB, and an offline bundle of the filters.
//   --pki DIR   where the authority's keys are kept; made when missing (default .data/pki)
//   --out DIR   where the VIBs, the bundle and roots.json go (default .build/vibs)
//   --also NAME@VERSION   builds that filter a second time under another version; may be repeated
// `npm run build:vibs -- FOLDER`: builds the filter in that folder alone, into FOLDER/dist.
//   --level LEVEL   instead of the one in vib.json; nobody signs for CommunitySupported
import { readdirSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { writeOfflineBundle } from '#lib/formats/vib/write-offline-bundle.ts';
import { acceptanceLevelSchema, vibId } from '#lib/model/vib.ts';
import { openAuthority } from './authority.ts';
import { buildCommunitySample } from './community-sample.ts';
import { type BuiltVib, buildFilterVib } from './filter-vib.ts';

const logger = pino({ name: 'build-vibs' });
const projectRoot = path.resolve(import.meta.dirname, '../..');

// Not strict: `npm start` hands its own arguments on.
const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: {
    level: { type: 'string' },
    pki: { type: 'string', default: path.join(projectRoot, '.data/pki') },
    out: { type: 'string' },
    also: { type: 'string', multiple: true, default: [] },
  },
});

const [folder] = positionals;
const out = typeof values.out === 'string' ? values.out : null;
if (folder === undefined) {
  await buildVibs(String(values.pki), out ?? path.join(projectRoot, '.build/vibs'));
} else {
  await buildOne(path.resolve(process.env.INIT_CWD ?? '', folder));
}

async function buildOne(directory: string): Promise<void> {
  const authority = await openAuthority(String(values.pki), new Date());
  const level = typeof values.level === 'string' ? acceptanceLevelSchema.parse(values.level) : null;
  const { descriptor, bytes } = await buildFilterVib({
    ...{ directory, authority },
    ...(level === null ? {} : { level }),
  });
  const target = out ?? path.join(directory, 'dist');
  await mkdir(target, { recursive: true });
  const file = path.join(target, `${vibId(descriptor)}.vib`);
  await put(file, bytes);
  process.stdout.write(`${descriptor.acceptanceLevel}: ${file}\n`);
}

async function buildVibs(pki: string, out: string): Promise<void> {
  const authority = await openAuthority(pki, new Date());
  await mkdir(out, { recursive: true });
  const filtersRoot = path.join(projectRoot, 'filters');
  const vibs: BuiltVib[] = [];
  for (const name of readdirSync(filtersRoot).sort()) {
    vibs.push(await buildFilterVib({ directory: path.join(filtersRoot, name), authority }));
  }
  const bundle = await writeOfflineBundle({
    vendor: { name: 'Sluice', code: 'SLU' },
    bulletin: {
      id: 'sluice-filters',
      summary: 'The I/O filters of Sluice',
      releaseDate: vibs[0]?.descriptor.releaseDate ?? '',
    },
    vibs: vibs.map(({ bytes }) => bytes),
  });
  for (const [name, version] of alsoWanted()) {
    const directory = path.join(filtersRoot, name);
    vibs.push(await buildFilterVib({ directory, authority, version }));
  }
  vibs.push(await buildCommunitySample());
  for (const { descriptor, bytes } of vibs) {
    await put(path.join(out, `${vibId(descriptor)}.vib`), bytes);
    logger.info({ vib: vibId(descriptor), level: descriptor.acceptanceLevel }, 'built');
  }
  await put(path.join(out, 'sluice-filters-offline-bundle.zip'), bundle);
  await put(path.join(out, 'roots.json'), `${JSON.stringify(authority.roots, null, 2)}\n`);
}

function alsoWanted(): [string, string][] {
  const wanted = Array.isArray(values.also) ? values.also : [];
  return wanted.map((text) => {
    const match = /^([a-z][a-z0-9-]*)@([A-Za-z0-9.]+)$/.exec(String(text));
    if (!match) throw new TypeError(`--also takes NAME@VERSION, not ${text}`);
    return [match[1] ?? '', match[2] ?? ''];
  });
}

/** Never leaves half a file where another process may look for a whole one. */
async function put(file: string, contents: Uint8Array | string): Promise<void> {
  await writeFile(`${file}.new`, contents);
  await rename(`${file}.new`, file);
}
