// The filter `replication`: sends every change of a disk to a replication target. Class
// replication, so that it stands before a cache and sees what the guest writes.
import { defineFilter, type FilterContext } from '#lib/filter-sdk/filter.ts';
import { DiskReplication } from './disk-replication.ts';
import { PROPERTIES, STATISTICS } from './properties.ts';

export default defineFilter({
  kind: 'partial',
  safeBecause:
    'It sees every operation that changes the disk; reads, flushes and prefetches change nothing ' +
    'that a copy has.',
  name: 'replication',
  class: 'replication',
  apiVersion: 1,
  summary: 'Copies of a disk at another site, at any moment of the recent past',
  properties: PROPERTIES,
  statistics: STATISTICS,
  open: (context: FilterContext) => new DiskReplication(context),
});
