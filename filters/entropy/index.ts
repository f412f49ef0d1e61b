// The filter `entropy`: watches how disorderly the data of a disk are, and raises an event when
// orderly data are being overwritten with what looks encrypted. Changes nothing.
import { defineFilter, type FilterContext } from '#lib/filter-sdk/filter.ts';
import { EntropyInspector } from './entropy-inspector.ts';

export default defineFilter({
  kind: 'partial',
  safeBecause: 'It only watches: an operation that it does not see is merely not examined.',
  name: 'entropy',
  class: 'inspection',
  apiVersion: 1,
  summary: 'Raises an event when a disk begins to look encrypted by ransomware',
  properties: [
    {
      name: 'sampling',
      label: 'Sampling',
      help: 'One of so many blocks of 4 KiB is watched, always the same ones. 1 watches all.',
      type: 'integer',
      minimum: 1,
      maximum: 64,
      default: 4,
    },
    {
      name: 'windowSeconds',
      label: 'Time window',
      help: 'What was overwritten within so many seconds is counted together.',
      type: 'integer',
      unit: 's',
      minimum: 10,
      maximum: 3600,
      default: 60,
    },
    {
      name: 'thresholdMib',
      label: 'Threshold',
      help: 'So much orderly data overwritten with encrypted-looking data raises the event.',
      type: 'integer',
      unit: 'MiB',
      minimum: 1,
      maximum: 4096,
      default: 16,
    },
    {
      name: 'sharePercent',
      label: 'Share',
      help: 'Of the orderly data that are overwritten so many of a hundred must turn, or more.',
      type: 'integer',
      unit: '%',
      minimum: 10,
      maximum: 100,
      default: 80,
    },
  ],
  statistics: [
    { name: 'turned', label: 'Turned within the window', kind: 'gauge', unit: 'MiB' },
    { name: 'suspicion', label: 'Turned, of the threshold', kind: 'gauge', unit: '%' },
    { name: 'writeEntropy', label: 'Write entropy', kind: 'gauge', unit: 'bits/byte' },
    { name: 'readEntropy', label: 'Read entropy', kind: 'gauge', unit: 'bits/byte' },
    { name: 'overwritten', label: 'Orderly data overwritten', kind: 'counter', unit: 'blocks' },
    { name: 'encrypted', label: 'of these, turned', kind: 'counter', unit: 'blocks' },
    { name: 'known', label: 'Known blocks', kind: 'gauge', unit: 'blocks' },
    { name: 'alarms', label: 'Alarms', kind: 'counter', unit: '' },
  ],
  open: (context: FilterContext) => new EntropyInspector(context),
});
