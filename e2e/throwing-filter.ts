// The filter `throwing`, for tests alone, built and signed when it is wanted. The first byte of a
// write tells it to throw: 0xed in the hook, 0xee later, where nobody can catch it.
import { buildTestVib } from './test-vib.ts';

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
export function buildThrowingVib(): Promise<Buffer> {
  const description = 'Throws when the data of a write tell it to, for tests of what that costs.';
  return buildTestVib({ version: '1.0.0', description, source: SOURCE });
}
