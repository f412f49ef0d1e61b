'use client';
// Every host as a target for one VM: its load, and the verdict with all reasons and what would mend
// them.
// Props: `targets`, `chosen`, `onChoose`, `staysPossible` (the present host may be chosen: a clone
// can be made there).
import type { MigrationTarget } from '#lib/wire/api/operations.ts';
import { formatCount, formatMebibytes } from '../format/quantities.ts';
import { type ChoiceRow, ChoiceTable } from '../tables/choice-table.tsx';

export interface MigrationTargetsProps {
  targets: readonly MigrationTarget[];
  chosen: string | null;
  onChoose: (hostId: string) => void;
  staysPossible?: boolean;
}

const COLUMNS = [
  { header: 'Cluster', className: 'w-28' },
  { header: 'Cores in use', className: 'w-24 text-right' },
  { header: 'Memory granted', className: 'w-36 text-right' },
] as const;

export function MigrationTargets(props: MigrationTargetsProps) {
  const { targets, chosen, onChoose, staysPossible = false } = props;
  return (
    <ChoiceTable
      label="Hosts"
      nameHeader="Host"
      columns={COLUMNS}
      rows={targets.map((target) => rowOf(target, staysPossible))}
      chosen={chosen}
      onChoose={onChoose}
      empty="There is no other host"
    />
  );
}

function rowOf(target: MigrationTarget, staysPossible: boolean): ChoiceRow {
  const { host, cluster, current, verdict, cpuUsage, memoryGrantedMib, memoryMib } = target;
  const memory = formatMebibytes(memoryGrantedMib);
  return {
    ...host,
    cells: [
      cluster?.name ?? 'Standalone',
      formatCount(cpuUsage),
      memoryMib === null ? memory : `${memory} of ${formatMebibytes(memoryMib)}`,
    ],
    note: current && !staysPossible ? 'Runs here' : undefined,
    verdict,
  };
}
