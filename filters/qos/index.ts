// The filter `qos`: limits the I/Os and the bytes of a disk in a second. Class datastoreIoControl,
// so it stands last and counts what really goes to the storage.
import { defineFilter, type FilterContext } from '#lib/filter-sdk/filter.ts';
import { IoLimiter } from './io-limiter.ts';

export default defineFilter({
  kind: 'partial',
  safeBecause:
    'It delays I/O and changes no data: an operation that it does not see is merely not limited, ' +
    'and no order between I/Os that are under way at the same time is promised to a guest.',
  name: 'qos',
  class: 'datastoreIoControl',
  apiVersion: 1,
  summary: 'IOPS and throughput limits with bursts, counted in I/Os of 32 KiB',
  properties: [
    {
      name: 'iopsLimit',
      label: 'IOPS limit',
      help: 'I/Os in a second, each begun 32 KiB counting as one. 0 means no limit.',
      type: 'integer',
      unit: 'IOPS',
      minimum: 0,
      maximum: 10_000_000,
      default: 0,
    },
    {
      name: 'throughputLimit',
      label: 'Throughput limit',
      help: 'Data read and written in a second. 0 means no limit.',
      type: 'integer',
      unit: 'MiB/s',
      minimum: 0,
      maximum: 100_000,
      default: 0,
    },
    {
      name: 'burstSeconds',
      label: 'Burst',
      help: 'A disk that was idle may catch up at once for so many seconds of its limit.',
      type: 'integer',
      unit: 's',
      minimum: 0,
      maximum: 60,
      default: 1,
    },
  ],
  statistics: [
    { name: 'units', label: 'I/Os of 32 KiB', kind: 'counter', unit: 'I/Os' },
    { name: 'delayed', label: 'Delayed I/Os', kind: 'counter', unit: 'I/Os' },
    { name: 'waiting', label: 'Waiting I/Os', kind: 'gauge', unit: 'I/Os' },
    { name: 'delay', label: 'Mean delay', kind: 'gauge', unit: 'ms' },
  ],
  open: (context: FilterContext) => new IoLimiter(context),
});
