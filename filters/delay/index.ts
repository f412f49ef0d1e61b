// The filter `delay`: makes a disk slow in a way that is known beforehand, for tests. Class
// replication, because that is what a synchronous replication costs a guest, and because it may
// then stand beside filters of the other classes.
import { defineFilter, type FilterContext } from '#lib/filter-sdk/filter.ts';
import { IoDelayer } from './io-delayer.ts';

const MILLISECONDS_MAX = 60_000;
const KIB_MAX = 64 * 1024 * 1024 * 1024;

function delayOf(name: string, label: string, help: string) {
  const range = { minimum: 0, maximum: MILLISECONDS_MAX, default: 0 };
  return { name, label, help, type: 'integer' as const, unit: 'ms', ...range };
}

export default defineFilter({
  kind: 'total',
  name: 'delay',
  class: 'replication',
  apiVersion: 1,
  summary: 'Adds latency to the I/O of a disk, by operation and range, for tests',
  properties: [
    delayOf('readMs', 'Reads', 'How much longer a read takes. 0 leaves reads alone.'),
    delayOf('writeMs', 'Writes', 'How much longer a write takes.'),
    delayOf('flushMs', 'Flushes', 'How much longer a flush takes, whatever the range.'),
    delayOf('otherMs', 'Trims, zeroings and prefetches', 'How much longer these take.'),
    {
      name: 'distribution',
      label: 'Distribution',
      help: 'Fixed: always so long. Uniform: anything from nothing to twice as long.',
      type: 'choice',
      choices: [
        { value: 'fixed', label: 'Fixed' },
        { value: 'uniform', label: 'Uniform' },
      ],
      default: 'fixed',
    },
    {
      name: 'rangeStartKib',
      label: 'First KiB',
      help: 'Only I/O that touches the range from here on is delayed.',
      type: 'integer',
      unit: 'KiB',
      minimum: 0,
      maximum: KIB_MAX,
      default: 0,
    },
    {
      name: 'rangeKib',
      label: 'Length of the range',
      help: '0 means to the end of the disk.',
      type: 'integer',
      unit: 'KiB',
      minimum: 0,
      maximum: KIB_MAX,
      default: 0,
    },
    {
      name: 'seed',
      label: 'Seed',
      help: 'The same seed and the same I/O give the same delays.',
      type: 'integer',
      minimum: 1,
      maximum: 2_147_483_647,
      default: 1,
    },
  ],
  statistics: [
    { name: 'delayed', label: 'Delayed I/Os', kind: 'counter', unit: 'I/Os' },
    { name: 'waiting', label: 'Waiting I/Os', kind: 'gauge', unit: 'I/Os' },
    { name: 'delay', label: 'Mean delay', kind: 'gauge', unit: 'ms' },
  ],
  open: (context: FilterContext) => new IoDelayer(context),
});
