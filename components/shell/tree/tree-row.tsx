'use client';
// One row of the tree: fold mark, icon with state, name. A VM can be dragged, a host takes it.
import { ChevronRight } from 'lucide-react';
import Link from 'next/link';
import { classNames } from '#components/ui/class-names.ts';
import { ObjectIcon } from '../object-icon.tsx';
import type { TreeRow } from './tree-model.ts';
import type { VmDrag } from './use-vm-drag.ts';

export interface TreeRowProps {
  domId: string | undefined;
  row: TreeRow;
  top: number;
  active: boolean;
  current: boolean;
  drag: VmDrag;
  onOpen: () => void;
  onFold: (id: string, open: boolean) => void;
}

const INDENT_PIXELS = 16;

export function TreeRowView(props: TreeRowProps) {
  const { domId, row, top, active, current, drag, onFold } = props;
  const { node, depth, expanded } = row;
  const dropState = drag.dropState(node);
  return (
    <div
      id={domId}
      role="treeitem"
      aria-level={depth + 1}
      aria-setsize={row.siblings}
      aria-posinset={row.position}
      aria-expanded={expanded ?? undefined}
      aria-selected={current}
      draggable={node.kind === 'vm'}
      {...drag.handlers(node)}
      className={classNames(
        'absolute top-0 left-0 flex w-full items-center pr-2 select-none',
        current ? 'bg-selected' : 'hover:bg-hover',
        active &&
          'outline-2 -outline-offset-2 outline-focus group-not-focus-visible/tree:outline-none',
        dropState === 'possible' && 'outline-2 -outline-offset-2 outline-ok',
        dropState === 'refused' && 'opacity-45',
      )}
      style={{
        height: 'var(--row)',
        transform: `translateY(${top}px)`,
        paddingLeft: 4 + depth * INDENT_PIXELS,
      }}
    >
      {expanded === null ? (
        <span className="w-5 shrink-0" />
      ) : (
        <button
          type="button"
          tabIndex={-1}
          aria-hidden
          onClick={() => onFold(node.id, !expanded)}
          className="flex size-5 shrink-0 items-center justify-center rounded-sm text-muted
            hover:bg-hover"
        >
          <ChevronRight
            size={13}
            className={classNames('transition-transform duration-75', expanded && 'rotate-90')}
          />
        </button>
      )}
      <Name {...props} />
    </div>
  );
}

function Name({ row: { node }, current, onOpen }: TreeRowProps) {
  const content = (
    <>
      <ObjectIcon kind={node.kind} state={node.state} badge={node.badge} size={15} />
      <span className="truncate">{node.name}</span>
    </>
  );
  const look = classNames(
    'flex h-full min-w-0 flex-1 items-center gap-2 pl-0.5 text-ink hover:no-underline',
    current && 'font-semibold',
    node.state !== 'poweredOn' && node.kind === 'vm' && !current && 'text-muted',
  );
  if (!node.href) {
    return <span className={look}>{content}</span>;
  }
  return (
    <Link
      href={node.href}
      tabIndex={-1}
      draggable={false}
      prefetch={false}
      title={node.name}
      onClick={onOpen}
      className={look}
    >
      {content}
    </Link>
  );
}
