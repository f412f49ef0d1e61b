// The filter `throwing`, for tests alone, built and signed when it is wanted. The first byte of a
// write tells it to throw: 0xed in the hook, 0xee later, where nobody can catch it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openAuthority } from '#scripts/build-vibs/authority.ts';
import { buildFilterVib } from '#scripts/build-vibs/filter-vib.ts';

const ROOT = path.join(import.meta.dirname, '..');
/** Inside the project, so that the filter finds the SDK as those below filters/ do. */
const SCRATCH = path.join(ROOT, '.test-results');

const VIB = {
  version: '1.0.0',
  vendor: 'SLU',
  acceptanceLevel: 'PartnerSupported',
  description: 'Throws when the data of a write tell it to, for tests of what that costs.',
  releaseDate: '2026-11-22T00:00:00+00:00',
};

const SOURCE = `
import { defineFilter, PASS } from '#lib/filter-sdk/filter.ts';

const pass = () => PASS;

export default defineFilter({
  kind: 'total',
  name: 'throwing',
  class: 'inspection',
  apiVersion: 1,
  summary: 'Throws in the writes that tell it to, for tests',
  properties: [],
  statistics: [],
  open: () => ({
    read: pass,
    flush: pass,
    trim: pass,
    writeZeroes: pass,
    prefetch: pass,
    completed: pass,
    write(io) {
      if (io.data[0] === 0xed) throw new Error('this write was told to fail');
      if (io.data[0] === 0xee) setTimeout(fail);
      return PASS;
    },
  }),
});

function fail() {
  throw new Error('a write told it to fail later');
}
`;

/** The bytes of a VIB that the hosts of the lab trust. */
export async function buildThrowingVib(): Promise<Buffer> {
  await mkdir(SCRATCH, { recursive: true });
  const directory = await mkdtemp(path.join(SCRATCH, 'throwing-'));
  try {
    await writeFile(path.join(directory, 'vib.json'), JSON.stringify(VIB));
    await writeFile(path.join(directory, 'index.ts'), SOURCE);
    const authority = await openAuthority(path.join(ROOT, '.data', 'pki'), new Date());
    return Buffer.from((await buildFilterVib({ directory, authority })).bytes);
  } finally {
    await rm(directory, { recursive: true });
  }
}
