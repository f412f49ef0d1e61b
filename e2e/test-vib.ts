// A filter for tests alone as a signed VIB, built when it is wanted. The hosts of the lab trust who
// signs it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openAuthority } from '#scripts/build-vibs/authority.ts';
import { buildFilterVib } from '#scripts/build-vibs/filter-vib.ts';

const ROOT = path.join(import.meta.dirname, '..');
/** Inside the project, so that the filter finds the SDK as those below filters/ do. */
const SCRATCH = path.join(ROOT, '.test-results');

export interface TestFilter {
  version: string;
  description: string;
  /** Of its index.ts. */
  source: string;
}

/** The bytes of its VIB, signed by a partner. */
export async function buildTestVib({ version, description, source }: TestFilter): Promise<Buffer> {
  await mkdir(SCRATCH, { recursive: true });
  const directory = await mkdtemp(path.join(SCRATCH, 'test-filter-'));
  const vib = {
    ...{ version, description, vendor: 'SLU' },
    acceptanceLevel: 'PartnerSupported',
    releaseDate: '2026-11-22T00:00:00+00:00',
  };
  try {
    await writeFile(path.join(directory, 'vib.json'), JSON.stringify(vib));
    await writeFile(path.join(directory, 'index.ts'), source);
    const authority = await openAuthority(path.join(ROOT, '.data', 'pki'), new Date());
    return Buffer.from((await buildFilterVib({ directory, authority })).bytes);
  } finally {
    await rm(directory, { recursive: true });
  }
}
