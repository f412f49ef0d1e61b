'use client';
// The left pane: four views of the inventory, a filter, and the tree.
import { Boxes, Database, ListFilter, Monitor, ScrollText, X } from 'lucide-react';
import { useMemo, useState } from 'react';
import { classNames } from '#components/ui/class-names.ts';
import { EmptyState } from '#components/ui/states/empty-state.tsx';
import { ErrorState } from '#components/ui/states/error-state.tsx';
import { Skeleton } from '#components/ui/states/skeleton.tsx';
import { Tooltip } from '#components/ui/tooltip.tsx';
import { useStored } from '../use-stored.ts';
import { TreeList } from './tree-list.tsx';
import { nodesOfView, TREE_VIEWS, type TreeView, treeRows } from './tree-model.ts';
import { useFolds } from './use-folds.ts';
import { useTreeNodes } from './use-tree-nodes.ts';

const VIEWS = {
  hosts: { label: 'Hosts and clusters', icon: Boxes },
  vms: { label: 'VMs and templates', icon: Monitor },
  storage: { label: 'Storage', icon: Database },
  policies: { label: 'Policies and filters', icon: ScrollText },
} as const;

/** Above so many nodes hosts stay folded until someone unfolds them. */
const ALL_OPEN_MAX = 300;

export function InventoryTree() {
  const { inventory, policies, isLoading, error, refetch } = useTreeNodes();
  const [stored, setView] = useStored('tree.view', 'hosts');
  const view = TREE_VIEWS.find((one) => one === stored) ?? 'hosts';
  const [filter, setFilter] = useState('');
  const { folds, fold } = useFolds();
  const nodes = useMemo(
    () => (view === 'policies' ? policies : nodesOfView(view, inventory)),
    [view, inventory, policies],
  );
  const rows = useMemo(() => {
    const small = nodes.length <= ALL_OPEN_MAX;
    return treeRows(nodes, {
      filter,
      folds,
      openByDefault: ({ kind }) => small || kind !== 'host',
    });
  }, [nodes, filter, folds]);
  return (
    <nav aria-label="Inventory" className="flex h-full min-h-0 flex-col bg-surface">
      <ViewSwitch view={view} onChange={setView} />
      <FilterBox value={filter} onChange={setFilter} />
      {error && nodes.length === 0 ? (
        <div className="px-3">
          <ErrorState compact error={error} onRetry={() => void refetch()} />
        </div>
      ) : isLoading ? (
        <div className="px-3">
          <Skeleton lines={8} label="Loading the inventory" />
        </div>
      ) : rows.length === 0 ? (
        <EmptyState title={filter === '' ? 'Nothing here' : 'No match'}>
          {filter === ''
            ? 'No object here may be seen with your permissions.'
            : `No name contains “${filter.trim()}”.`}
        </EmptyState>
      ) : (
        <TreeList rows={rows} label={VIEWS[view].label} onFold={fold} />
      )}
    </nav>
  );
}

interface ViewSwitchProps {
  view: TreeView;
  onChange: (view: TreeView) => void;
}

function ViewSwitch({ view, onChange }: ViewSwitchProps) {
  return (
    <div
      role="group"
      aria-label="View of the inventory"
      className="flex border-b border-line px-1.5"
    >
      {TREE_VIEWS.map((one) => {
        const { label, icon: Icon } = VIEWS[one];
        return (
          <Tooltip key={one} content={label} side="bottom">
            <button
              type="button"
              aria-label={label}
              aria-pressed={one === view}
              onClick={() => onChange(one)}
              className={classNames(
                'flex h-9 flex-1 items-center justify-center border-b-2 -outline-offset-2',
                one === view
                  ? 'border-accent text-accent'
                  : 'border-transparent text-muted hover:bg-hover',
              )}
            >
              <Icon aria-hidden size={16} strokeWidth={1.75} />
            </button>
          </Tooltip>
        );
      })}
    </div>
  );
}

interface FilterBoxProps {
  value: string;
  onChange: (text: string) => void;
}

function FilterBox({ value, onChange }: FilterBoxProps) {
  return (
    <div className="relative flex items-center px-2 py-2">
      <ListFilter
        aria-hidden
        size={13}
        className="pointer-events-none absolute left-4 text-muted"
      />
      <input
        type="search"
        aria-label="Filter the tree by name"
        placeholder="Filter by name"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && onChange('')}
        className="h-7 w-full rounded-md border border-line-strong bg-surface pr-7 pl-7
          placeholder:text-muted [&::-webkit-search-cancel-button]:hidden"
      />
      {value !== '' && (
        <button
          type="button"
          aria-label="Clear the filter"
          onClick={() => onChange('')}
          className="absolute right-2.5 inline-flex size-6 items-center justify-center rounded-md
            hover:bg-hover"
        >
          <X aria-hidden size={13} />
        </button>
      )}
    </div>
  );
}
