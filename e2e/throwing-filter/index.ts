// The filter `throwing`, for tests alone. The first byte of a write tells it to throw, either in
// the hook or later, where nobody can catch it. Everything else it passes on.
import { type Answer, type DiskIo, defineFilter, PASS } from '#lib/filter-sdk/filter.ts';

const THROW = 0xed;
const THROW_LATER = 0xee;

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
    write(io: DiskIo) {
      if (io.data[0] === THROW) throw new Error('this write was told to fail');
      if (io.data[0] === THROW_LATER) setTimeout(fail);
      return PASS;
    },
  }),
});

function pass(): Answer {
  return PASS;
}

function fail(): never {
  throw new Error('a write told it to fail later');
}
