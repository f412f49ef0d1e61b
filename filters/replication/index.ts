// The filter `replication`: sends every change of a disk to a replication target. Class
// replication, so that it stands before a cache and sees what the guest writes.
import { defineFilter, type FilterContext } from '#lib/filter-sdk/filter.ts';
import { PROPERTIES, STATISTICS } from './properties.ts';
import { settingsOf } from './settings.ts';

export default defineFilter({
  kind: 'partial',
  safeBecause: 'It opens no disk yet.',
  name: 'replication',
  class: 'replication',
  apiVersion: 1,
  summary: 'Copies of a disk at another site, at any moment of the recent past',
  properties: PROPERTIES,
  statistics: STATISTICS,
  open({ properties }: FilterContext) {
    settingsOf(properties);
    throw new Error('this version of the filter does not replicate');
  },
});
