// The filter `cache`: a write-through read cache in the memory of the VM's world.
import { defineFilter, type FilterContext } from '#lib/filter-sdk/filter.ts';
import { WriteThroughCache } from './write-through-cache.ts';

export default defineFilter({
  kind: 'total',
  name: 'cache',
  class: 'cache',
  apiVersion: 1,
  summary: 'Write-through read cache in the memory of the host',
  properties: [
    {
      name: 'sizeMib',
      label: 'Size',
      help: 'Memory for the blocks of one disk, taken as it fills. A change empties the cache.',
      type: 'integer',
      unit: 'MiB',
      minimum: 1,
      maximum: 4096,
      default: 64,
    },
  ],
  statistics: [
    { name: 'hitRatio', label: 'Hit ratio', kind: 'gauge', unit: '%' },
    { name: 'hits', label: 'Hits', kind: 'counter', unit: 'I/Os' },
    { name: 'misses', label: 'Misses', kind: 'counter', unit: 'I/Os' },
    { name: 'hitBytes', label: 'Read from the cache', kind: 'counter', unit: 'bytes' },
    { name: 'evictions', label: 'Evictions', kind: 'counter', unit: 'blocks' },
    { name: 'used', label: 'Used', kind: 'gauge', unit: 'MiB' },
  ],
  open: (context: FilterContext) => new WriteThroughCache(context),
});
