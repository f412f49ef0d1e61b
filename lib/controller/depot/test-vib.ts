// VIBs for tests of the depot and of the REST face: one with a filter, signed by a root of the
// test's own.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { makeFilterFiles } from '../../formats/vib/filter-fixtures.ts';
import { makeTestAuthority, TEST_NOW_MS, testVib } from '../../formats/vib/vib-fixtures.ts';
import { writeOfflineBundle } from '../../formats/vib/write-offline-bundle.ts';
import { type Depot, openDepot } from './depot.ts';

export interface TestDepot {
  depot: Depot;
  /** A VIB that brings the filter `trace`. */
  vib: Uint8Array;
  /** The same id with other bytes. */
  otherVib: Uint8Array;
  /** Two more VIBs, `one` and `two`. */
  bundle: Uint8Array;
}

/** Makes a depot in the folder. Its clock stands still while its certificates are valid. */
export async function makeTestDepot(folder: string): Promise<TestDepot> {
  made ??= makeVibs();
  const { root, ...vibs } = await made;
  const rootsFile = path.join(folder, 'pki', 'roots.json');
  await mkdir(path.dirname(rootsFile), { recursive: true });
  await writeFile(rootsFile, JSON.stringify([root]));
  const clock: Clock = {
    now: () => TEST_NOW_MS,
    monotonic: () => 0,
    after: () => ({ cancel: () => undefined }),
  };
  const depot = { folder: path.join(folder, 'depot'), rootsFile, clock };
  await openDepot(depot);
  return { depot, ...vibs };
}

/** Once a process: keys take their time. */
let made: ReturnType<typeof makeVibs> | null = null;

async function makeVibs() {
  const { root, key } = await makeTestAuthority('Test root');
  const make = (name: string, summary: string) =>
    testVib({
      descriptor: { name, summary, acceptanceLevel: 'PartnerSupported' },
      files: makeFilterFiles(name, 'inspection'),
      keys: [key],
    });
  return {
    root,
    vib: await make('trace', 'first'),
    otherVib: await make('trace', 'second'),
    bundle: await writeOfflineBundle({
      vendor: { name: 'Test', code: 'TST' },
      bulletin: { id: 'two', summary: 'Two filters', releaseDate: '2026-01-02T03:04:05+00:00' },
      vibs: [await make('one', ''), await make('two', '')],
    }),
  };
}
