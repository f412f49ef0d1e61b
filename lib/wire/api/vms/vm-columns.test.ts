// Cells of numbers are found by what people read in them, and still compared as numbers.
import { expect, test } from 'vitest';
import { matcherOf, parseQuery, type SearchColumn } from '../../../base/row-search.ts';
import type { VmSummary } from '../inventory.ts';
import { VM_COLUMNS } from './vm-columns.ts';

const GIB = 1024 ** 3;
const SMALL: VmSummary = {
  ...{ id: 'vm-1', name: 'small', powerState: 'poweredOn', worldState: '', worldMessage: '' },
  ...{ trouble: null, host: { id: 'host-1', name: 'esx' }, cluster: null, guestFullName: '' },
  ...{ cpuCount: 1, memoryMib: 2048, provisionedBytes: 20 * GIB, diskCount: 1 },
  ...{ filterNames: [], compliance: 'compliant', cpuUsage: 0.12, isTemplate: false },
  snapshotCount: 0,
};
const LARGE: VmSummary = {
  ...SMALL,
  ...{ id: 'vm-2', name: 'large', memoryMib: 4096, provisionedBytes: 62 * GIB, cpuUsage: 0.5 },
};
const COLUMNS: readonly SearchColumn<VmSummary>[] = Object.values(VM_COLUMNS);

test.each([
  ['memory:"2 gib"', ['small']],
  ['"4 GiB"', ['large']],
  ['cpu:"12 %"', ['small']],
  ['50', ['large']],
  ['size:"62 gib"', ['large']],
  ['gib', ['small', 'large']],
  ['memory>2048', ['large']],
  ['cpu<0.2', ['small']],
  [`size>${30 * GIB}`, ['large']],
])('%s finds %j', (search, names) => {
  const terms = parseQuery(
    search,
    COLUMNS.map(({ id }) => id),
  );
  const found = [SMALL, LARGE].filter(matcherOf(terms, COLUMNS));
  expect(found.map(({ name }) => name)).toEqual(names);
});
