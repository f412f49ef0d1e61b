'use client';
// Tasks as a table: what was done to what, by whom, how far it is, and the whole reason when it
// failed.
// Props: `rows`, `id` of the table in the URL, `height`, `withTarget` (false on the target's own
// page).
import { ListChecks } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useCancelTask, usePauseTask } from '#lib/client/use-tasks.ts';
import type { TaskView } from '#lib/wire/api/tasks.ts';
import { formatCount } from '../format/quantities.ts';
import { migrationResult } from '../migration/migration-result.ts';
import { ObjectLink } from '../objects/object-link.tsx';
import { DataTable } from '../tables/data-table.tsx';
import type { TableColumn } from '../tables/table-column.ts';
import { Age, Elapsed } from '../ui/age.tsx';
import { classNames } from '../ui/class-names.ts';
import { showFault } from '../ui/overlays/toast.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { TaskProgress, taskStateLabel } from './task-progress.tsx';
import { taskResultText } from './task-result.ts';

export interface TaskTableProps {
  rows: readonly TaskView[] | undefined;
  id?: string;
  height?: number;
}

const COLUMNS: readonly TableColumn<TaskView>[] = [
  { id: 'task', header: 'Task', width: 190, facet: true, value: ({ label }) => label },
  {
    id: 'target',
    header: 'Target',
    width: 100,
    facet: true,
    value: ({ target }) => target.name,
    cell: ({ target }) => <ObjectLink {...target} />,
  },
  {
    id: 'status',
    header: 'Status',
    width: 130,
    facet: true,
    value: taskStateLabel,
    cell: (task) => <TaskProgress task={task} />,
  },
  {
    id: 'details',
    header: 'Details',
    grow: true,
    width: 160,
    value: detailsOf,
    cell: (task) => (
      <span
        className={classNames('min-w-0 truncate', task.fault && 'text-bad')}
        title={detailsOf(task)}
      >
        {detailsOf(task)}
      </span>
    ),
  },
  {
    id: 'initiator',
    header: 'Initiator',
    width: 90,
    facet: true,
    value: (task) => task.initiator,
  },
  {
    id: 'queued',
    header: 'Queued',
    width: 110,
    value: ({ queuedAt }) => queuedAt,
    cell: ({ queuedAt }) => <Age at={queuedAt} short />,
  },
  {
    id: 'waited',
    header: 'Queued for',
    width: 90,
    align: 'end',
    value: ({ queuedAt, startedAt }) => span(queuedAt, startedAt),
    cell: ({ queuedAt, startedAt, completedAt }) => (
      <Elapsed from={queuedAt} to={startedAt ?? completedAt} />
    ),
  },
  {
    id: 'duration',
    header: 'Duration',
    width: 90,
    align: 'end',
    value: ({ startedAt, completedAt }) => span(startedAt, completedAt),
    cell: ({ startedAt, completedAt }) => <Elapsed from={startedAt} to={completedAt} />,
  },
  {
    id: 'completed',
    header: 'Completed',
    width: 120,
    hidden: true,
    value: ({ completedAt }) => completedAt,
    cell: ({ completedAt }) => (completedAt ? <Age at={completedAt} short /> : null),
  },
];

export function TaskTable({ rows, id = 'tasks', height }: TaskTableProps) {
  const router = useRouter();
  const cancel = useCancelTask();
  const pause = usePauseTask();
  return (
    <DataTable
      id={id}
      label="Tasks"
      rows={rows}
      rowId={(task) => task.id}
      columns={COLUMNS}
      defaultSort={{ column: 'queued', descending: true }}
      height={height}
      onOpen={(task) => router.push(`/tasks/${task.id}`)}
      rowMenu={(task) => [
        {
          id: 'pause',
          label: task.paused ? 'Resume' : 'Pause',
          disabledReason: task.pausable ? null : 'This task has no hosts to pause between.',
          onSelect: () =>
            pause.mutate(
              { params: { id: task.id }, body: { paused: !task.paused } },
              { onError: (error) => showFault('The task was not changed', error) },
            ),
        },
        {
          id: 'cancel',
          label: 'Cancel',
          disabledReason: task.cancelable ? null : 'This task cannot be cancelled now.',
          onSelect: () =>
            cancel.mutate(
              { params: { id: task.id } },
              { onError: (error) => showFault('The task was not cancelled', error) },
            ),
        },
      ]}
      empty={
        <EmptyState icon={ListChecks} title="No tasks yet">
          Everything that takes time stands here: who started it, how far it is and how it ended.
        </EmptyState>
      }
    />
  );
}

/** Why it failed, what it measured, or the step that it is at. */
function detailsOf(task: TaskView): string {
  const result = migrationResult(task);
  if (result) return `Paused for ${formatCount(result.pauseMs)} ms`;
  return (task.fault?.message ?? taskResultText(task)) || task.step;
}

function span(from: string | null, to: string | null): number | null {
  return from && to ? new Date(to).getTime() - new Date(from).getTime() : null;
}
