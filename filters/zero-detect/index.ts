// The filter `zero-detect`: stores no zeroes where that saves room on a thin disk, and measures how
// far the rest would compress. Class compression; it changes no layout.
import { defineFilter, type FilterContext } from '#lib/filter-sdk/filter.ts';
import { ZeroDetector } from './zero-detector.ts';

export default defineFilter({
  kind: 'partial',
  safeBecause:
    'It only stores zeroes in another way: what a read brings back is the same, and an operation ' +
    'that it does not see means the same to the disk below.',
  name: 'zero-detect',
  class: 'compression',
  apiVersion: 1,
  summary: 'Keeps zeroes off thin disks, and measures how far the rest would compress',
  properties: [
    {
      name: 'minimumKib',
      label: 'Smallest run',
      help: 'Runs of zeroes of at least this length are not written as data.',
      type: 'integer',
      unit: 'KiB',
      minimum: 4,
      maximum: 65_536,
      default: 16,
    },
    {
      name: 'sampling',
      label: 'Sampling',
      help: 'Of one in so many writes the compressibility is measured. 0 measures none.',
      type: 'integer',
      minimum: 0,
      maximum: 10_000,
      default: 64,
    },
  ],
  statistics: [
    { name: 'zeroes', label: 'Zeroes found', kind: 'counter', unit: 'bytes' },
    { name: 'skipped', label: 'of these, there already', kind: 'counter', unit: 'bytes' },
    { name: 'writtenBytes', label: 'Written', kind: 'counter', unit: 'bytes' },
    { name: 'ratio', label: 'Would compress to', kind: 'gauge', unit: '%' },
  ],
  open: (context: FilterContext) => new ZeroDetector(context),
});
