'use client';
// The live picture of an I/O's way: guest, each filter in call order, the virtual disk; rates on
// the edges, time in the stages.
// Props: `path` from describePath, `stale` when the numbers are older than they should be. A list
// underneath, so that it reads in order to those who hear it; an edge moves only while I/O passes
// it.
import { CircleX, Filter, HardDrive, Monitor } from 'lucide-react';
import { Fragment } from 'react';
import { formatByteRate, formatIops, formatLatency } from '../format/quantities.ts';
import { classNames } from '../ui/class-names.ts';
import { ScrollArea } from '../ui/scroll-area.tsx';
import type { IoPath, PathEdge, PathNode } from './path-model.ts';

export interface IoPathDiagramProps {
  path: IoPath;
  stale: boolean;
}

const ICONS = { guest: Monitor, filter: Filter, disk: HardDrive } as const;
const FLOW = '@keyframes io-path-flow { to { stroke-dashoffset: -16; } }';

export function IoPathDiagram({ path, stale }: IoPathDiagramProps) {
  return (
    <ScrollArea label="Path of an I/O" className="rounded-lg border border-line bg-surface p-4">
      <style href="io-path-flow" precedence="default">
        {FLOW}
      </style>
      <ol
        aria-label="Path of an I/O, guest first"
        className={classNames('flex min-w-max items-center', stale && 'opacity-60')}
      >
        {path.nodes.map((node, index) => {
          const edge = path.edges[index - 1];
          return (
            <Fragment key={node.id}>
              {edge && <Edge edge={edge} failing={node.failures > 0} />}
              <Stage node={node} />
            </Fragment>
          );
        })}
      </ol>
    </ScrollArea>
  );
}

function Stage({ node }: { node: PathNode }) {
  const { kind, label, detail, meanUs, p99Us, failures } = node;
  const Icon = ICONS[kind];
  const failing = failures > 0;
  return (
    <li
      data-failing={failing || undefined}
      className={classNames(
        'w-40 shrink-0 rounded-lg border px-3 py-2',
        failing ? 'border-bad bg-bad-soft' : 'border-line-strong bg-raised',
        kind !== 'filter' && 'border-dashed',
      )}
    >
      <p className="flex items-center gap-1.5 font-semibold">
        <Icon aria-hidden size={14} className="shrink-0" />
        <span className="truncate" title={label}>
          {label}
        </span>
      </p>
      <p className="truncate text-sm text-muted" title={detail}>
        {detail}
      </p>
      <dl className="mt-1 grid grid-cols-[auto_1fr] gap-x-2 text-sm">
        <dt className="text-muted">{kind === 'guest' ? 'Whole mean' : 'Mean'}</dt>
        <dd className="text-right">{meanUs === null ? '–' : formatLatency(meanUs)}</dd>
        <dt className="text-muted">p99</dt>
        <dd className="text-right">{p99Us === null ? '–' : formatLatency(p99Us)}</dd>
      </dl>
      {failing && (
        <p className="mt-1 flex items-center gap-1 text-sm font-medium text-bad">
          <CircleX aria-hidden size={13} />
          {failures === 1 ? '1 I/O failed here' : `${failures} I/Os failed here`}
        </p>
      )}
    </li>
  );
}

function Edge({ edge, failing }: { edge: PathEdge; failing: boolean }) {
  const { iops, bytesPerSecond, estimated } = edge;
  const flowing = (iops ?? 0) > 0;
  const colour = failing ? 'text-bad' : flowing ? 'text-accent' : 'text-idle';
  const rate = iops === null ? '–' : `${estimated ? '≈ ' : ''}${formatIops(iops)}`;
  return (
    <li
      className="flex w-28 shrink-0 flex-col items-center text-center text-sm"
      title={estimated ? 'Worked out from the share of traced I/Os that came so far.' : undefined}
    >
      <span className="font-medium">{rate}</span>
      <svg aria-hidden="true" width="104" height="12" viewBox="0 0 104 12" className={colour}>
        <path
          d="M2 6H94"
          stroke="currentColor"
          strokeWidth="2"
          strokeDasharray={flowing ? '8 8' : undefined}
          style={flowing ? { animation: 'io-path-flow 600ms linear infinite' } : undefined}
        />
        <path d="M92 1.5 102 6 92 10.5Z" fill="currentColor" />
      </svg>
      <span className="h-[18px] text-muted">
        {bytesPerSecond === null ? '' : formatByteRate(bytesPerSecond)}
      </span>
    </li>
  );
}
