'use client';
// The last traced I/Os: for each stage what it did on the way in and on the way out, and how long
// that took.
// Props: `rows` newest first and `stages` in call order, both from trace-rows.
import { ArrowDown, ArrowUp } from 'lucide-react';
import { formatBytes, formatLatency } from '../format/quantities.ts';
import { classNames } from '../ui/class-names.ts';
import { ScrollArea } from '../ui/scroll-area.tsx';
import { DISK_STAGE } from './path-model.ts';
import { OPERATION_LABELS, type TraceCell, type TraceRow, VERDICT_HELP } from './trace-rows.ts';

export interface TraceTableProps {
  rows: readonly TraceRow[];
  stages: readonly string[];
}

type Crossing = NonNullable<TraceCell['wayIn']>;

const VERDICT_TONES: Record<Crossing['verdict'], string> = {
  pass: 'text-muted',
  complete: 'text-ok',
  fail: 'text-bad font-semibold',
  defer: 'text-warn',
};
const HEAD = 'sticky top-0 z-10 border-b border-line bg-sunken px-2 py-1 text-left font-medium';

export function TraceTable({ rows, stages }: TraceTableProps) {
  return (
    <ScrollArea
      label="Last traced I/Os"
      className="max-h-[480px] rounded-lg border border-line bg-surface"
    >
      <table className="w-full border-collapse text-sm whitespace-nowrap">
        <thead>
          <tr>
            <th className={HEAD}>I/O</th>
            <th className={HEAD}>Operation</th>
            <th className={classNames(HEAD, 'text-right')}>Offset</th>
            <th className={classNames(HEAD, 'text-right')}>Length</th>
            {stages.map((stage) => (
              <th key={stage} className={HEAD}>
                {stage === DISK_STAGE ? 'Virtual disk' : stage}
              </th>
            ))}
            <th className={classNames(HEAD, 'text-right')}>Whole</th>
            <th className={HEAD}>Result</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.entry.sequence} row={row} />
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}

function Row({ row: { entry, cells } }: { row: TraceRow }) {
  const right = 'px-2 py-0.5 text-right';
  return (
    <tr className={classNames('border-b border-line', entry.error && 'bg-bad-soft')}>
      <td className="px-2 py-0.5 text-muted">{entry.sequence}</td>
      <td className="px-2 py-0.5">{OPERATION_LABELS[entry.operation]}</td>
      <td className={right}>{formatBytes(entry.offsetBytes)}</td>
      <td className={right}>{formatBytes(entry.lengthBytes)}</td>
      {cells.map(({ stage, wayIn, wayOut }) => (
        <td key={stage} className="px-2 py-0.5">
          <span className="inline-flex gap-3">
            <CrossingMark crossing={wayIn} />
            <CrossingMark crossing={wayOut} />
          </span>
        </td>
      ))}
      <td className={right}>{formatLatency(entry.microseconds)}</td>
      <td className={classNames('px-2 py-0.5', entry.error && 'font-semibold text-bad')}>
        {entry.error ?? 'OK'}
      </td>
    </tr>
  );
}

function CrossingMark({ crossing }: { crossing: Crossing | null }) {
  if (!crossing) return null;
  const { direction, verdict, microseconds } = crossing;
  const Arrow = direction === 'in' ? ArrowDown : ArrowUp;
  const way = direction === 'in' ? 'Way in' : 'Way out';
  return (
    <span className="inline-flex items-center gap-1" title={`${way}. ${VERDICT_HELP[verdict]}`}>
      <Arrow aria-label={way} size={12} className="text-muted" />
      <span className={VERDICT_TONES[verdict]}>{verdict}</span>
      <span className="text-muted">{formatLatency(microseconds)}</span>
    </span>
  );
}
