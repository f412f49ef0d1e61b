// In which order the filters of a disk are called, and whether they may stand together at all. Only
// "replication before cache" is public; the rest is our reading
// (docs/adr/0004-filter-class-order.md).

import type { Reason } from '../model/fault.ts';
import type { DiskFilter } from '../model/filter.ts';
import { FILTER_CLASSES, type FilterClass } from '../model/filter-class.ts';
import { type Verdict, verdictOf } from '../model/verdict.ts';

const CALL_ORDER: readonly FilterClass[] = [
  'inspection',
  'compression',
  'replication',
  'cache',
  'encryption',
  'dataProvider',
  'datastoreIoControl',
];

/**
 * Guest first. Encryption goes before all others unless its policy allows clear-text filters before
 * it.
 */
export function orderFilters(filters: readonly DiskFilter[]): DiskFilter[] {
  return [...filters].sort((a, b) => rank(a) - rank(b));
}

/**
 * At most one filter of a class may be on a disk (vSphere Storage, "Filtering Virtual Machine
 * I/O").
 */
export function judgeFilterSet(filters: readonly DiskFilter[]): Verdict {
  const reasons: Reason[] = [];
  for (const filterClass of CALL_ORDER) {
    const names = filters
      .filter((filter) => filter.class === filterClass)
      .map((filter) => filter.name);
    if (names.length < 2) continue;
    reasons.push({
      fault: 'InvalidArgument',
      message:
        `A disk takes one filter of the class ${FILTER_CLASSES[filterClass].label}; ` +
        `the policy names ${names.join(' and ')}.`,
      remedy: 'Remove all but one of them from the policy.',
    });
  }
  return verdictOf(reasons);
}

function rank(filter: DiskFilter): number {
  const clearTextFirst = filter.properties.AllowCleartextFilters;
  if (filter.class === 'encryption' && clearTextFirst !== true && clearTextFirst !== 'True')
    return -1;
  return CALL_ORDER.indexOf(filter.class);
}
