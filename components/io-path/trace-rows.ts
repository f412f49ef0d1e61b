// The last traced I/Os as table rows: for each stage of the path its crossing on the way in and on
// the way out.
import type { DiskFilter } from '#lib/model/filter.ts';
import type { IoOperation, IoTraceEntry } from '#lib/model/io.ts';
import { DISK_STAGE } from './path-model.ts';

type Crossing = IoTraceEntry['crossings'][number];

export interface TraceCell {
  stage: string;
  wayIn: Crossing | null;
  wayOut: Crossing | null;
}

export interface TraceRow {
  entry: IoTraceEntry;
  cells: TraceCell[];
}

export const OPERATION_LABELS: Record<IoOperation, string> = {
  read: 'Read',
  write: 'Write',
  flush: 'Flush',
  trim: 'Trim',
  writeZeroes: 'Write zeroes',
  prefetch: 'Prefetch',
  blockStatus: 'Block status',
};

export const VERDICT_HELP: Record<Crossing['verdict'], string> = {
  pass: 'The filter let it pass to the next stage.',
  complete: 'It was answered here; nothing below saw it.',
  fail: 'It was failed here; only the filters before it were told.',
  defer: 'The filter kept it and answered later.',
};

/**
 * Stage names in call order: the filters of the disk, those seen in the trace only, and the disk
 * last.
 */
export function traceStages(
  filters: readonly DiskFilter[],
  entries: readonly IoTraceEntry[],
): string[] {
  const names = new Set(filters.map(({ name }) => name));
  for (const { crossings } of entries) {
    for (const { filter } of crossings) if (filter !== DISK_STAGE) names.add(filter);
  }
  return [...names, DISK_STAGE];
}

/** Newest first. */
export function traceRows(entries: readonly IoTraceEntry[], stages: readonly string[]): TraceRow[] {
  return [...entries]
    .sort((a, b) => b.sequence - a.sequence)
    .map((entry) => ({ entry, cells: stages.map((stage) => cellOf(entry, stage)) }));
}

function cellOf({ crossings }: IoTraceEntry, stage: string): TraceCell {
  const of = (direction: Crossing['direction']): Crossing | null =>
    crossings.find((crossing) => crossing.filter === stage && crossing.direction === direction) ??
    null;
  return { stage, wayIn: of('in'), wayOut: of('out') };
}
