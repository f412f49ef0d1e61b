// The filter `qos`: limits, reservations and shares of a disk's I/O. Class datastoreIoControl, so
// that it stands last and counts what really goes to the storage.
import { defineFilter, type FilterContext } from '#lib/filter-sdk/filter.ts';
import { DiskQos } from './disk-qos.ts';

export default defineFilter({
  kind: 'partial',
  safeBecause:
    'It delays I/O and changes no data: an operation that it does not see is merely not limited, ' +
    'and no order between I/Os that are under way at the same time is promised to a guest.',
  name: 'qos',
  class: 'datastoreIoControl',
  apiVersion: 1,
  summary: 'Limits with bursts, reservations and shares, counted in I/Os of 32 KiB',
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
    {
      name: 'scope',
      label: 'Limit applies to',
      help: 'Whether each disk has the limits to itself, or all disks of the policy share them.',
      type: 'choice',
      choices: [
        { value: 'disk', label: 'Each disk' },
        { value: 'policy', label: 'All disks of the policy together' },
      ],
      default: 'disk',
    },
    {
      name: 'shares',
      label: 'Shares',
      help: 'The part of a congested datastore that a disk gets, in relation to the others.',
      type: 'choice',
      choices: [
        { value: 'low', label: 'Low (500)' },
        { value: 'normal', label: 'Normal (1000)' },
        { value: 'high', label: 'High (2000)' },
        { value: 'custom', label: 'Custom' },
      ],
      default: 'normal',
    },
    {
      name: 'customShares',
      label: 'Custom shares',
      help: 'Used when Shares is Custom.',
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      default: 1000,
    },
    {
      name: 'reservation',
      label: 'Reservation',
      help: 'I/Os of 32 KiB in a second that a disk gets before shares count. 0 reserves none.',
      type: 'integer',
      unit: 'IOPS',
      minimum: 0,
      maximum: 10_000_000,
      default: 0,
    },
    {
      name: 'latencyThreshold',
      label: 'Congestion threshold',
      help:
        'From this mean latency on a datastore counts as congested, and shares and reservations ' +
        'count. Of several on a datastore the longest is used.',
      type: 'integer',
      unit: 'ms',
      minimum: 1,
      maximum: 1000,
      default: 5,
    },
    {
      name: 'policy',
      label: 'Storage policy',
      help: 'The policy whose disks share the limits.',
      type: 'string',
      default: '',
      managed: true,
    },
  ],
  statistics: [
    { name: 'units', label: 'I/Os of 32 KiB', kind: 'counter', unit: 'I/Os' },
    { name: 'delayed', label: 'Delayed by the limit', kind: 'counter', unit: 'I/Os' },
    { name: 'heldBack', label: 'Held back for others', kind: 'counter', unit: 'I/Os' },
    { name: 'waiting', label: 'Waiting I/Os', kind: 'gauge', unit: 'I/Os' },
    { name: 'delay', label: 'Mean delay', kind: 'gauge', unit: 'ms' },
    { name: 'limit', label: 'IOPS limit', kind: 'gauge', unit: 'IOPS' },
    { name: 'storageLatency', label: 'Datastore latency', kind: 'gauge', unit: 'ms' },
    { name: 'entitled', label: 'Entitlement while congested', kind: 'gauge', unit: 'IOPS' },
  ],
  open: (context: FilterContext) => new DiskQos(context),
});
