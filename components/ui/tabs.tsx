'use client';
// Tabs whose choice stands in the URL (`?tab=monitor`), so that Back works and a link can be sent.
// Props: `tabs` [{id, label, content, count}], `param` (default tab), `vertical` for a side list
// (Configure).
import { Tabs as Base } from '@base-ui/react/tabs';
import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { useUrlParam } from './use-url-param.ts';

export interface Tab {
  id: string;
  label: string;
  content: ReactNode;
  /** A number behind the label: how many things are inside. */
  count?: number;
}

export interface TabsProps {
  tabs: readonly Tab[];
  param?: string;
  vertical?: boolean;
  label: string;
}

export function Tabs({ tabs, param = 'tab', vertical = false, label }: TabsProps) {
  const first = tabs[0]?.id ?? '';
  const [wanted, setWanted] = useUrlParam(param, first);
  const current = tabs.some((tab) => tab.id === wanted) ? wanted : first;
  return (
    <Base.Root
      value={current}
      onValueChange={(next) => setWanted(String(next), 'push')}
      orientation={vertical ? 'vertical' : 'horizontal'}
      className={classNames(
        'min-h-0 flex-1',
        vertical ? 'grid gap-6 md:grid-cols-[11rem_minmax(0,1fr)]' : 'flex flex-col',
      )}
    >
      <Base.List
        aria-label={label}
        className={
          vertical
            ? 'flex gap-0.5 max-md:flex-wrap md:flex-col'
            : 'flex shrink-0 gap-1 overflow-x-auto border-b border-line bg-surface px-4'
        }
      >
        {tabs.map((tab) => (
          <Base.Tab
            key={tab.id}
            value={tab.id}
            className={classNames('whitespace-nowrap select-none', vertical ? SIDE : TOP)}
          >
            {tab.label}
            {tab.count !== undefined && <span className="ml-1.5 text-muted">{tab.count}</span>}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map((tab) => (
        <Base.Panel
          key={tab.id}
          value={tab.id}
          className={vertical ? 'min-w-0' : 'min-h-0 flex-1 overflow-auto p-4'}
        >
          {tab.id === current ? tab.content : null}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}

const TOP =
  'h-9 border-b-2 border-transparent px-2.5 text-muted hover:text-ink data-active:border-accent ' +
  'data-active:font-semibold data-active:text-ink -outline-offset-2';
const SIDE =
  'min-h-row rounded-md px-2.5 py-1 text-left text-muted hover:bg-hover hover:text-ink ' +
  'data-active:bg-selected data-active:font-semibold data-active:text-ink';
