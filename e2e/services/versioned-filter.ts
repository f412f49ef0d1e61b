// The filter `ledger` in any version, for tests alone: it counts writes, and keeps its count when a
// virtual machine moves to a host with another version.
import { buildTestVib } from '../test-vib.ts';

export const LEDGER = 'ledger';

const SOURCE = `
import { defineFilter, PASS } from '#lib/filter-sdk/filter.ts';

const pass = () => PASS;

export default defineFilter({
  kind: 'total',
  name: '${LEDGER}',
  class: 'inspection',
  apiVersion: 1,
  summary: 'Counts the writes of a disk, for tests',
  properties: [],
  statistics: [{ name: 'writes', label: 'Writes', kind: 'counter', unit: 'I/Os' }],
  open({ state }) {
    let writes = state === null ? 0 : JSON.parse(Buffer.from(state).toString()).writes;
    return {
      read: pass,
      flush: pass,
      trim: pass,
      writeZeroes: pass,
      prefetch: pass,
      completed: pass,
      write() {
        writes += 1;
        return PASS;
      },
      statistics: () => ({ writes }),
      saveState: () => Buffer.from(JSON.stringify({ writes })),
    };
  },
});
`;

/** The bytes of its VIB. */
export function buildLedgerVib(version: string): Promise<Buffer> {
  const description = 'Counts the writes of a disk, for tests of upgrades.';
  return buildTestVib({ version, description, source: SOURCE });
}
