// Labels and values, one pair a line: what a Summary tab is made of.
// Props: `items` of {label, value, help}; `columns` 1 or 2 (2 falls back to 1 where it is narrow).
import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';

export interface Property {
  label: string;
  value: ReactNode;
  help?: string;
}

export interface PropertyListProps {
  items: readonly Property[];
  columns?: 1 | 2;
}

export function PropertyList({ items, columns = 1 }: PropertyListProps) {
  return (
    <dl className={classNames('grid content-start gap-x-8', columns === 2 && 'lg:grid-cols-2')}>
      {items.map(({ label, value, help }) => (
        <div
          key={label}
          className="grid min-h-row grid-cols-[minmax(7rem,38%)_1fr] items-baseline gap-3 border-b
            border-line py-1 last:border-b-0"
        >
          <dt className="text-muted">{label}</dt>
          <dd className="min-w-0 break-words">
            {value ?? <span className="text-muted">None</span>}
            {help && <span className="block text-sm text-muted">{help}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
