// The filter `throwing`, for tests alone: it throws in each write whose data begin with one value,
// and passes everything else on.
import { type Answer, type DiskIo, defineFilter, PASS } from '#lib/filter-sdk/filter.ts';

const FATAL = 0xee;

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
      if (io.data[0] === FATAL) throw new Error('this write was told to fail');
      return PASS;
    },
  }),
});

function pass(): Answer {
  return PASS;
}
