// The filter `trace`: watches the I/O of a disk and changes nothing. Class inspection, so it stands
// first and sees what the guest asked for.
import { defineFilter, type FilterContext } from '#lib/filter-sdk/filter.ts';
import { IoObserver } from './io-observer.ts';

export default defineFilter({
  kind: 'partial',
  safeBecause: 'It only watches: an operation that it does not see is merely not counted.',
  name: 'trace',
  class: 'inspection',
  apiVersion: 1,
  summary: 'Sizes, latency, sequentiality and write entropy of a disk’s I/O',
  properties: [
    {
      name: 'latencySampling',
      label: 'Latency sampling',
      help: 'One of so many reads and writes is timed. 1 times each of them.',
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 16,
    },
    {
      name: 'entropySampling',
      label: 'Entropy sampling',
      help: 'The data of one of so many writes are examined. 0 examines none.',
      type: 'integer',
      minimum: 0,
      maximum: 10_000,
      default: 64,
    },
  ],
  statistics: [
    { name: 'reads', label: 'Reads', kind: 'counter', unit: 'I/Os' },
    { name: 'writes', label: 'Writes', kind: 'counter', unit: 'I/Os' },
    { name: 'flushes', label: 'Flushes', kind: 'counter', unit: 'I/Os' },
    { name: 'unmaps', label: 'Trims and zeroings', kind: 'counter', unit: 'I/Os' },
    { name: 'errors', label: 'Failed I/Os', kind: 'counter', unit: 'I/Os' },
    { name: 'readBytes', label: 'Read', kind: 'counter', unit: 'bytes' },
    { name: 'writtenBytes', label: 'Written', kind: 'counter', unit: 'bytes' },
    { name: 'upTo4Kib', label: 'I/Os up to 4 KiB', kind: 'counter', unit: 'I/Os' },
    { name: 'upTo16Kib', label: 'I/Os up to 16 KiB', kind: 'counter', unit: 'I/Os' },
    { name: 'upTo64Kib', label: 'I/Os up to 64 KiB', kind: 'counter', unit: 'I/Os' },
    { name: 'upTo256Kib', label: 'I/Os up to 256 KiB', kind: 'counter', unit: 'I/Os' },
    { name: 'over256Kib', label: 'I/Os over 256 KiB', kind: 'counter', unit: 'I/Os' },
    { name: 'sequentialShare', label: 'Sequential', kind: 'gauge', unit: '%' },
    { name: 'readLatencyMedian', label: 'Read latency, median', kind: 'gauge', unit: 'µs' },
    { name: 'readLatencyP99', label: 'Read latency, 99 %', kind: 'gauge', unit: 'µs' },
    { name: 'writeLatencyMedian', label: 'Write latency, median', kind: 'gauge', unit: 'µs' },
    { name: 'writeLatencyP99', label: 'Write latency, 99 %', kind: 'gauge', unit: 'µs' },
    { name: 'writeEntropy', label: 'Write entropy', kind: 'gauge', unit: 'bits/byte' },
  ],
  open: (context: FilterContext) => new IoObserver(context),
});
