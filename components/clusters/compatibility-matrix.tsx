'use client';
// VM × host as a picture: where each VM runs, where it could run, where it cannot, and on focus
// why.
// Props: `matrix`. A grid of the ARIA kind: arrow keys move, the cell that has focus explains
// itself below.
import { Check, MapPin, X } from 'lucide-react';
import { type KeyboardEvent, useRef, useState } from 'react';
import type { CompatibilityMatrix } from '#lib/wire/api/operations.ts';
import { Badge } from '../ui/badge.tsx';
import { classNames } from '../ui/class-names.ts';
import { ReasonList } from '../ui/reason-list.tsx';
import { ScrollArea } from '../ui/scroll-area.tsx';
import { type Cell, cellAt, moveCell } from './matrix-cells.ts';

export interface CompatibilityMatrixPictureProps {
  matrix: CompatibilityMatrix;
}

const LOOK = {
  here: 'bg-info-soft text-info',
  possible: 'bg-ok-soft text-ok',
  impossible: 'bg-bad-soft text-bad',
} as const;
const ICON = { here: MapPin, possible: Check, impossible: X } as const;

export function CompatibilityMatrixPicture({ matrix }: CompatibilityMatrixPictureProps) {
  const [at, setAt] = useState({ row: 0, column: 0 });
  const grid = useRef<HTMLTableElement>(null);
  const chosen = cellAt(matrix, at.row, at.column);
  const focus = (row: number, column: number) => {
    setAt({ row, column });
    grid.current?.querySelector<HTMLElement>(`[data-cell="${row}:${column}"]`)?.focus();
  };
  const press = (event: KeyboardEvent) => {
    const next = moveCell(event.key, at, matrix);
    if (!next) return;
    event.preventDefault();
    focus(next.row, next.column);
  };
  return (
    <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
      <ScrollArea
        label="Compatibility"
        className="max-h-[560px] rounded-lg border border-line bg-surface"
      >
        <table
          ref={grid}
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: ARIA grid on a table
          role="grid"
          aria-label="Virtual machines by host"
          onKeyDown={press}
          className="border-collapse"
        >
          <thead>
            <tr>
              <th className="sticky top-0 left-0 z-20 bg-sunken px-3 py-1 text-left font-medium">
                Virtual machine
              </th>
              {matrix.hosts.map((host) => (
                <th
                  key={host.id}
                  className="sticky top-0 z-10 bg-sunken px-2 py-1 text-center font-medium"
                >
                  {host.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {matrix.vms.map((vm, row) => (
              <tr key={vm.id}>
                <th
                  className={classNames(
                    'sticky left-0 z-10 bg-surface px-3 text-left font-normal',
                    'whitespace-nowrap',
                  )}
                >
                  {vm.name}
                </th>
                {matrix.hosts.map((host, column) => (
                  <MatrixCell
                    key={host.id}
                    cell={cellAt(matrix, row, column)}
                    position={`${row}:${column}`}
                    current={at.row === row && at.column === column}
                    onChoose={() => focus(row, column)}
                  />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea>
      {chosen && <Explanation cell={chosen} />}
    </div>
  );
}

function MatrixCell({
  cell,
  position,
  current,
  onChoose,
}: {
  cell: Cell | null;
  position: string;
  current: boolean;
  onChoose: () => void;
}) {
  if (!cell) return <td />;
  const Icon = ICON[cell.state];
  return (
    <td className="p-0.5">
      <button
        type="button"
        data-cell={position}
        tabIndex={current ? 0 : -1}
        aria-label={cell.sentence}
        onFocus={onChoose}
        onMouseEnter={onChoose}
        className={classNames(
          'flex h-6 w-full min-w-20 items-center justify-center rounded-sm',
          LOOK[cell.state],
          current && 'ring-2 ring-focus',
        )}
      >
        <Icon aria-hidden size={14} />
      </button>
    </td>
  );
}

function Explanation({ cell }: { cell: Cell }) {
  return (
    <div aria-live="polite" className="self-start rounded-lg border border-line bg-surface p-4">
      <p className="mb-2 font-semibold">
        {cell.vmName} on {cell.hostName}
      </p>
      {cell.state === 'here' && <Badge tone="info">Runs here</Badge>}
      {cell.state === 'possible' && <Badge tone="ok">Can migrate here</Badge>}
      {cell.state === 'impossible' && (
        <>
          <Badge tone="bad">Cannot migrate here</Badge>
          <div className="mt-2">
            <ReasonList reasons={cell.reasons} />
          </div>
        </>
      )}
    </div>
  );
}
