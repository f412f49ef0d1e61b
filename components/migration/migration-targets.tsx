'use client';
// Every host as a target for one VM: its load, and the verdict with all reasons and what would mend
// them.
// Props: `targets`, `chosen`, `onChoose`, `staysPossible` (the present host may be chosen: a clone
// can be made there). Those that can take it come first; radio buttons carry the choice.
import { useId } from 'react';
import type { MigrationTarget } from '#lib/wire/api/operations.ts';
import { formatCount, formatMebibytes } from '../format/quantities.ts';
import { Badge } from '../ui/badge.tsx';
import { classNames } from '../ui/class-names.ts';
import { ReasonList } from '../ui/reason-list.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';

export interface MigrationTargetsProps {
  targets: readonly MigrationTarget[];
  chosen: string | null;
  onChoose: (hostId: string) => void;
  staysPossible?: boolean;
}

export function MigrationTargets(props: MigrationTargetsProps) {
  const { targets, chosen, onChoose, staysPossible = false } = props;
  const name = useId();
  if (targets.length === 0) return <EmptyState title="There is no other host" />;
  const ordered = [...targets].sort((a, b) => rank(a, staysPossible) - rank(b, staysPossible));
  return (
    <div className="overflow-x-auto">
      <table className="w-full min-w-[44rem] border-collapse">
        <thead>
          <tr className="border-b border-line text-left text-sm text-muted">
            <th className="w-8 py-1">
              <span className="sr-only">Choice</span>
            </th>
            <th className="w-36 py-1 pr-3 font-medium">Host</th>
            <th className="w-28 py-1 pr-3 font-medium">Cluster</th>
            <th className="w-24 py-1 pr-3 text-right font-medium">Cores in use</th>
            <th className="w-36 py-1 pr-4 text-right font-medium">Memory granted</th>
            <th className="py-1 font-medium">Compatibility</th>
          </tr>
        </thead>
        <tbody>
          {ordered.map((target) => (
            <TargetRow
              key={target.host.id}
              target={target}
              group={name}
              staysPossible={staysPossible}
              chosen={chosen === target.host.id}
              onChoose={() => onChoose(target.host.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface TargetRowProps {
  target: MigrationTarget;
  staysPossible: boolean;
  group: string;
  chosen: boolean;
  onChoose: () => void;
}

function TargetRow({ target, staysPossible, group, chosen, onChoose }: TargetRowProps) {
  const id = useId();
  const { host, cluster, current, verdict, cpuUsage, memoryGrantedMib, memoryMib } = target;
  const possible = verdict.allowed && (staysPossible || !current);
  return (
    <tr
      className={classNames(
        'border-b border-line align-top',
        chosen && 'bg-selected',
        !possible && 'text-muted',
      )}
    >
      <td className="py-1.5 pl-1">
        <input
          id={id}
          type="radio"
          name={group}
          className="size-4 accent-accent"
          checked={chosen}
          disabled={!possible}
          aria-describedby={`${id}-verdict`}
          onChange={onChoose}
        />
      </td>
      <td className="py-1.5 pr-3">
        <label htmlFor={id} className={possible ? 'font-medium' : ''}>
          {host.name}
        </label>
      </td>
      <td className="py-1.5 pr-3">{cluster?.name ?? 'Standalone'}</td>
      <td className="py-1.5 pr-3 text-right">{formatCount(cpuUsage)}</td>
      <td className="py-1.5 pr-4 text-right">
        {formatMebibytes(memoryGrantedMib)}
        {memoryMib !== null && ` of ${formatMebibytes(memoryMib)}`}
      </td>
      <td className="py-1.5 text-ink" id={`${id}-verdict`}>
        <TargetVerdict target={target} staysPossible={staysPossible} />
      </td>
    </tr>
  );
}

function TargetVerdict({
  target,
  staysPossible,
}: Pick<TargetRowProps, 'target' | 'staysPossible'>) {
  const { current, verdict } = target;
  if (current && !staysPossible) return <Badge tone="info">Runs here</Badge>;
  if (verdict.allowed)
    return (
      <>
        <Badge tone="ok">Compatible</Badge>
        <ReasonList reasons={verdict.warnings} />
      </>
    );
  return (
    <div className="space-y-1">
      <Badge tone="bad">Incompatible</Badge>
      <ReasonList reasons={verdict.reasons} />
    </div>
  );
}

function rank({ current, verdict }: MigrationTarget, staysPossible: boolean): number {
  if (current && !staysPossible) return 1;
  return verdict.allowed ? 0 : 2;
}
