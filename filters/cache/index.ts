// The filter `cache`: reads from the memory of the VM's world; writes through, around, or back from
// a log on the host's flash.
import { defineFilter, type FilterContext } from '#lib/filter-sdk/filter.ts';
import { DiskCache } from './disk-cache.ts';

export default defineFilter({
  kind: 'total',
  name: 'cache',
  class: 'cache',
  apiVersion: 1,
  summary: 'Read and write cache in the memory and on the flash of the host',
  properties: [
    {
      name: 'mode',
      label: 'Writes',
      help: 'Write back answers from a log on the flash of the host and writes to the disk later.',
      type: 'choice',
      choices: [
        { value: 'writeThrough', label: 'Write through' },
        { value: 'writeBack', label: 'Write back' },
        { value: 'writeAround', label: 'Write around' },
      ],
      default: 'writeThrough',
    },
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
    {
      name: 'logMib',
      label: 'Write-back log',
      help: 'Taken from the virtual flash resource of the host for each disk that writes back.',
      type: 'integer',
      unit: 'MiB of flash',
      minimum: 8,
      maximum: 16384,
      default: 64,
    },
    {
      name: 'dirtyHigh',
      label: 'High watermark',
      help: 'From here on unwritten data go to the disk; of the log, or of 60 % of the cache.',
      type: 'integer',
      unit: '%',
      minimum: 10,
      maximum: 90,
      default: 70,
    },
    {
      name: 'dirtyLow',
      label: 'Low watermark',
      help: 'Until here, oldest first. In quiet all of them go.',
      type: 'integer',
      unit: '%',
      minimum: 1,
      maximum: 80,
      default: 30,
    },
    {
      name: 'mirror',
      label: 'Mirror of the log',
      help:
        'On the flash of another host of the cluster, so that the loss of this one loses ' +
        'nothing. Each write then waits for both.',
      type: 'choice',
      choices: [
        { value: 'off', label: 'None' },
        { value: 'degrade', label: 'Go on without it while no host has it' },
        { value: 'writeThrough', label: 'Write through while no host has it' },
      ],
      default: 'off',
    },
    {
      name: 'discardLostData',
      label: 'Give up lost data',
      help: 'Open a disk though written data of it are on the flash of a host that is lost.',
      type: 'boolean',
      default: false,
    },
  ],
  statistics: [
    { name: 'hitRatio', label: 'Hit ratio', kind: 'gauge', unit: '%' },
    { name: 'hits', label: 'Hits', kind: 'counter', unit: 'I/Os' },
    { name: 'misses', label: 'Misses', kind: 'counter', unit: 'I/Os' },
    { name: 'hitBytes', label: 'Read from the cache', kind: 'counter', unit: 'bytes' },
    { name: 'evictions', label: 'Evictions', kind: 'counter', unit: 'blocks' },
    { name: 'used', label: 'Used', kind: 'gauge', unit: 'MiB' },
    { name: 'dirty', label: 'Not yet on the disk', kind: 'gauge', unit: 'MiB' },
    { name: 'dirtyAge', label: 'Oldest of that', kind: 'gauge', unit: 's' },
    { name: 'logged', label: 'Written to the log', kind: 'counter', unit: 'bytes' },
    { name: 'destaged', label: 'Written back', kind: 'counter', unit: 'bytes' },
    { name: 'coalesced', label: 'Coalesced', kind: 'gauge', unit: '%' },
  ],
  open: (context: FilterContext) => new DiskCache(context),
});
