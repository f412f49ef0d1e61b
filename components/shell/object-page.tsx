'use client';
// The frame of every object's page: icon, name, state, actions, and the same tabs everywhere
// (Summary, Monitor, Configure, Permissions, then related objects), kept in `?tab=`.
// Props: `icon` (a StateIcon), `name`, `kind` ("Virtual machine"), `state` (badges), `actions`
// (buttons), `tabs`, `notice` (banners above the tabs).
import type { ReactNode } from 'react';
import { type Tab, Tabs } from '#components/ui/tabs.tsx';

export interface ObjectPageProps {
  icon: ReactNode;
  name: string;
  kind: string;
  state?: ReactNode;
  actions?: ReactNode;
  notice?: ReactNode;
  tabs: readonly Tab[];
}

export function ObjectPage({ icon, name, kind, state, actions, notice, tabs }: ObjectPageProps) {
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <title>{`${name} – Sluice`}</title>
      <PageHeader icon={icon} title={name} kind={kind} state={state} actions={actions} />
      {notice && <div className="space-y-2 bg-surface px-4 pb-2 empty:hidden">{notice}</div>}
      <Tabs tabs={tabs} label={`${kind} ${name}`} />
    </div>
  );
}

export interface PageHeaderProps {
  icon?: ReactNode;
  title: string;
  kind?: string;
  state?: ReactNode;
  actions?: ReactNode;
}

/** The header alone, for pages that are lists (Policies, Depot, Tasks, Events). */
export function PageHeader({ icon, title, kind, state, actions }: PageHeaderProps) {
  return (
    <header className="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 bg-surface px-4 py-2">
      {icon}
      <h1 className="min-w-0 truncate text-xl font-semibold">
        {kind && <span className="sr-only">{`${kind} `}</span>}
        {title}
      </h1>
      {state}
      {actions && <div className="flex flex-wrap items-center gap-2 sm:ml-4">{actions}</div>}
    </header>
  );
}

/** A page that is not an object: its title in the document, a header, and the content. */
export function ListPage({
  title,
  icon,
  actions,
  children,
}: PageHeaderProps & { children: ReactNode }) {
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <title>{`${title} – Sluice`}</title>
      <PageHeader icon={icon} title={title} actions={actions} />
      <div className="flex min-h-0 flex-1 flex-col border-t border-line">{children}</div>
    </div>
  );
}
