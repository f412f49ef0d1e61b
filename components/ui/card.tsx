// A titled part of a page. `Section` divides by a heading and space; `Card` adds a border, for
// dashboards only.
// Props: `title`, `actions` at the right of the title, `description` below it, `level` of the
// heading.
import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';

export interface SectionProps {
  title: ReactNode;
  actions?: ReactNode;
  description?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Section({ title, actions, description, className, children }: SectionProps) {
  return (
    <section className={classNames('min-w-0', className)}>
      <div className="mb-2 flex min-h-7 flex-wrap items-center gap-2">
        <h2 className="text-lg font-semibold">{title}</h2>
        {actions && <div className="ml-auto flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
      {description && <p className="mb-3 max-w-3xl text-muted">{description}</p>}
      {children}
    </section>
  );
}

export function Card({ title, actions, description, className, children }: SectionProps) {
  return (
    <section className={classNames('min-w-0 rounded-lg border border-line bg-surface', className)}>
      <div className="flex min-h-9 flex-wrap items-center gap-2 border-b border-line px-4 py-1">
        <h2 className="font-semibold">{title}</h2>
        {actions && <div className="ml-auto flex flex-wrap items-center gap-1">{actions}</div>}
      </div>
      <div className="px-4 py-3">
        {description && <p className="mb-3 text-muted">{description}</p>}
        {children}
      </div>
    </section>
  );
}
