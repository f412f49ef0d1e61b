// The filters of a disk in class order, guest first, as a row of words with arrows.
// Props: `filters`.
import { ArrowRight } from 'lucide-react';
import type { DiskFilter } from '#lib/model/filter.ts';
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';

export interface FilterChainProps {
  filters: readonly DiskFilter[];
}

export function FilterChain({ filters }: FilterChainProps) {
  if (filters.length === 0) return <span className="text-muted">No filters</span>;
  return (
    <ol className="flex flex-wrap items-center gap-1" aria-label="Filters in call order">
      {filters.map(({ name, class: filterClass }, index) => (
        <li key={name} className="inline-flex items-center gap-1">
          {index > 0 && <ArrowRight aria-hidden size={12} className="text-muted" />}
          <span
            className="rounded-sm border border-line-strong px-1.5 text-sm"
            title={FILTER_CLASSES[filterClass].label}
          >
            {name}
          </span>
        </li>
      ))}
    </ol>
  );
}
