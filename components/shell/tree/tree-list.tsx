'use client';
// The rows of the tree: only those in view are drawn; keys, context menu, and dragging a VM onto a
// host.
import { useVirtualizer } from '@tanstack/react-virtual';
import { usePathname, useRouter } from 'next/navigation';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { ContextMenu } from '#components/ui/overlays/context-menu.tsx';
import { useRowPixels } from '#components/ui/use-row-pixels.ts';
import { treeKeyAction, typeAhead } from './tree-keys.ts';
import type { TreeNode, TreeRow } from './tree-model.ts';
import { TreeRowView } from './tree-row.tsx';
import { useNodeMenu } from './use-node-menu.tsx';
import { useVmDrag } from './use-vm-drag.ts';

export interface TreeListProps {
  rows: readonly TreeRow[];
  label: string;
  onFold: (id: string, open: boolean) => void;
}

/** Letters typed within so many milliseconds belong together. */
const TYPE_AHEAD_MS = 700;

export function TreeList({ rows, label, onFold }: TreeListProps) {
  const box = useRef<HTMLDivElement>(null);
  const router = useRouter();
  const pathname = usePathname();
  const [activeId, setActiveId] = useState<string | null>(null);
  const [menuNode, setMenuNode] = useState<TreeNode | null>(null);
  const typed = useRef({ text: '', at: 0 });
  const rowPixels = useRowPixels();
  const drag = useVmDrag();
  const menu = useNodeMenu(menuNode);
  const shownIndex = rows.findIndex(({ node }) => node.href !== null && node.href === pathname);
  const activeIndex = rows.findIndex(({ node }) => node.id === activeId);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowPixels,
    getItemKey: (index) => rows[index]?.node.id ?? index,
    overscan: 16,
  });
  // Follows the page: a link elsewhere scrolls the tree to its object, a live change does not.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another page moves the tree
  useEffect(() => {
    if (shownIndex >= 0) virtual.scrollToIndex(shownIndex, { align: 'auto' });
  }, [pathname]);

  const activate = (index: number) => {
    const row = rows[index];
    if (!row) return;
    setActiveId(row.node.id);
    virtual.scrollToIndex(index);
  };
  const open = (node: TreeNode) => {
    setActiveId(node.id);
    if (node.href) router.push(node.href);
  };
  const press = (event: KeyboardEvent) => {
    const from = activeIndex >= 0 ? activeIndex : shownIndex;
    const action = treeKeyAction(event.key, rows, from);
    if (action) {
      event.preventDefault();
      const node = rows[action.index]?.node;
      if (action.kind === 'move') activate(action.index);
      else if (node && action.kind === 'fold') onFold(node.id, action.open);
      else if (node) open(node);
      return;
    }
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/' || event.key === ' ') return;
    const fresh = event.timeStamp - typed.current.at > TYPE_AHEAD_MS;
    typed.current = { text: (fresh ? '' : typed.current.text) + event.key, at: event.timeStamp };
    const found = typeAhead(rows, from, typed.current.text);
    if (found !== null) activate(found);
  };
  return (
    <>
      <ContextMenu items={menu} className="flex min-h-0 flex-1 flex-col">
        <div
          ref={box}
          role="tree"
          aria-label={label}
          aria-activedescendant={activeIndex >= 0 ? rowDomId(rows[activeIndex]) : undefined}
          tabIndex={0}
          onKeyDown={press}
          onContextMenuCapture={(event) => setMenuNode(nodeAt(event.target, rows, activeIndex))}
          className="group/tree min-h-0 flex-1 overflow-auto -outline-offset-2"
        >
          <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index];
              return row ? (
                <TreeRowView
                  key={row.node.id}
                  domId={rowDomId(row)}
                  row={row}
                  top={item.start}
                  active={item.index === activeIndex}
                  current={item.index === shownIndex}
                  drag={drag}
                  onOpen={() => open(row.node)}
                  onFold={onFold}
                />
              ) : null;
            })}
          </div>
        </div>
      </ContextMenu>
      {drag.hint && (
        <p role="status" className="border-t border-line bg-warn-soft px-3 py-1.5 text-sm">
          {drag.hint}
        </p>
      )}
    </>
  );
}

function rowDomId(row: TreeRow | undefined): string | undefined {
  return row && `tree-${row.node.id}`;
}

/**
 * The node of the row that was clicked, or the active one when the menu was asked for by keyboard.
 */
function nodeAt(
  target: EventTarget,
  rows: readonly TreeRow[],
  activeIndex: number,
): TreeNode | null {
  const element = target instanceof Element ? target.closest('[role="treeitem"]') : null;
  const clicked = rows.find((row) => rowDomId(row) === element?.id);
  return (clicked ?? rows[activeIndex])?.node ?? null;
}
