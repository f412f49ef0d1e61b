// The path of an I/O through one disk's filters, as nodes and edges with what was measured on them.
// Pure: the diagram draws what this returns, the tests hold it to hand-made samples.
import type { DiskFilter } from '#lib/model/filter.ts';
import { FILTER_CLASSES } from '#lib/model/filter-class.ts';
import type { DiskSample, IoTraceEntry } from '#lib/model/io.ts';

/** Name under which the trace records the virtual disk itself. */
export const DISK_STAGE = 'disk';

export interface PathNode {
  id: string;
  kind: 'guest' | 'filter' | 'disk';
  label: string;
  /** Class of a filter, address of a disk. */
  detail: string;
  /** Time spent in this stage alone, microseconds; null when nothing was measured. */
  meanUs: number | null;
  p99Us: number | null;
  /** Failures among the traced I/Os at this stage. */
  failures: number;
}

export interface PathEdge {
  from: string;
  to: string;
  /** I/Os per second that went down this edge; null when nothing was measured. */
  iops: number | null;
  /** Bytes per second; known on the guest's edge only. */
  bytesPerSecond: number | null;
  /** Whether the rate was worked out from the share of traced I/Os instead of counted. */
  estimated: boolean;
}

export interface IoPath {
  nodes: PathNode[];
  edges: PathEdge[];
}

interface PathInput {
  diskLabel: string;
  unit: string;
  filters: readonly DiskFilter[];
  sample: DiskSample | null;
  entries: readonly IoTraceEntry[];
}

/**
 * Guest, then the filters in call order, then the virtual disk, with an edge between neighbours.
 */
export function describePath(input: PathInput): IoPath {
  const { filters, sample, entries } = input;
  const nodes: PathNode[] = [
    stage('guest', 'guest', 'Guest', 'NBD client'),
    ...filters.map((filter) => filterNode(filter, sample, entries)),
    diskNode(input),
  ];
  const guest = nodes[0];
  if (guest && sample?.latency) {
    guest.meanUs = sample.latency.meanUs;
    guest.p99Us = sample.latency.p99Us;
  }
  const edges = nodes.slice(1).map((node, index) => ({
    from: nodes[index]?.id ?? 'guest',
    to: node.id,
    ...edgeRate({ node, first: index === 0, sample, entries, filters }),
  }));
  return { nodes, edges };
}

/** All I/Os of a disk per second: reads, writes and the others. */
function totalIops(sample: DiskSample): number {
  return sample.read.iops + sample.write.iops + sample.otherIops;
}

/** How many of the traced I/Os failed at the stage of that name. */
export function failuresAt(entries: readonly IoTraceEntry[], stageName: string): number {
  return entries.filter((entry) =>
    entry.crossings.some(({ filter, verdict }) => filter === stageName && verdict === 'fail'),
  ).length;
}

function stage(id: string, kind: PathNode['kind'], label: string, detail: string): PathNode {
  return { id, kind, label, detail, meanUs: null, p99Us: null, failures: 0 };
}

function filterNode(
  filter: DiskFilter,
  sample: DiskSample | null,
  entries: readonly IoTraceEntry[],
): PathNode {
  const measured = sample?.filters.find(({ name }) => name === filter.name)?.latency ?? null;
  return {
    ...stage(`filter:${filter.name}`, 'filter', filter.name, FILTER_CLASSES[filter.class].label),
    meanUs: measured?.meanUs ?? null,
    p99Us: measured?.p99Us ?? null,
    failures: failuresAt(entries, filter.name),
  };
}

function diskNode({ diskLabel, unit, entries }: PathInput): PathNode {
  const times = entries
    .flatMap(({ crossings }) => crossings.filter(({ filter }) => filter === DISK_STAGE))
    .map(({ microseconds }) => microseconds)
    .sort((a, b) => a - b);
  return {
    ...stage(DISK_STAGE, 'disk', diskLabel, unit),
    meanUs: times.length === 0 ? null : times.reduce((sum, time) => sum + time, 0) / times.length,
    p99Us: times[Math.min(times.length - 1, Math.floor(times.length * 0.99))] ?? null,
    failures: failuresAt(entries, DISK_STAGE),
  };
}

function edgeRate({
  node,
  first,
  sample,
  entries,
  filters,
}: {
  node: PathNode;
  first: boolean;
  sample: DiskSample | null;
  entries: readonly IoTraceEntry[];
  filters: readonly DiskFilter[];
}): Pick<PathEdge, 'iops' | 'bytesPerSecond' | 'estimated'> {
  if (!sample) return { iops: null, bytesPerSecond: null, estimated: false };
  if (first) {
    const bytesPerSecond = sample.read.bytesPerSecond + sample.write.bytesPerSecond;
    return { iops: totalIops(sample), bytesPerSecond, estimated: false };
  }
  if (node.kind === 'filter') {
    const counted = sample.filters.find(({ name }) => name === node.label)?.iops ?? null;
    return { iops: counted, bytesPerSecond: null, estimated: false };
  }
  const reached = shareReaching(entries, DISK_STAGE);
  if (reached === null || filters.length === 0)
    return { iops: null, bytesPerSecond: null, estimated: false };
  return { iops: totalIops(sample) * reached, bytesPerSecond: null, estimated: true };
}

function shareReaching(entries: readonly IoTraceEntry[], stageName: string): number | null {
  if (entries.length === 0) return null;
  const reached = entries.filter(({ crossings }) =>
    crossings.some(({ filter }) => filter === stageName),
  );
  return reached.length / entries.length;
}
