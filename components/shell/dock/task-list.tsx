'use client';
// Recent tasks as a table: what, on what, how far, by whom, how long it waited and took; a failure
// tells its reasons and the way out, and what runs can be cancelled.
import { X } from 'lucide-react';
import { ObjectLink } from '#components/objects/object-link.tsx';
import { Age, Elapsed } from '#components/ui/age.tsx';
import { IconButton } from '#components/ui/icon-button.tsx';
import { showFault } from '#components/ui/overlays/toast.tsx';
import { ScrollArea } from '#components/ui/scroll-area.tsx';
import { EmptyState } from '#components/ui/states/empty-state.tsx';
import { QueryState } from '#components/ui/states/query-state.tsx';
import { useCancelTask } from '#lib/client/use-tasks.ts';
import type { TaskView } from '#lib/wire/api/tasks.ts';
import { TaskStatus } from './task-status.tsx';

export interface TaskListProps {
  query: { data: TaskView[] | undefined; error: unknown; refetch: () => unknown };
}

export function TaskList({ query }: TaskListProps) {
  return (
    <QueryState query={query} lines={3}>
      {(tasks) =>
        tasks.length === 0 ? (
          <EmptyState title="No tasks yet">
            Everything that is done to the inventory shows up here, with who did it and how it went.
          </EmptyState>
        ) : (
          <TaskTable tasks={tasks} />
        )
      }
    </QueryState>
  );
}

const HEAD =
  'sticky top-0 z-1 h-7 bg-sunken px-3 text-left text-sm font-semibold whitespace-nowrap ' +
  'text-muted';

function TaskTable({ tasks }: { tasks: readonly TaskView[] }) {
  return (
    <ScrollArea label="Recent tasks" className="h-full">
      <table className="w-full min-w-[60rem] border-collapse">
        <thead>
          <tr>
            <th className={`${HEAD} w-[20%]`}>Task</th>
            <th className={`${HEAD} w-[13%]`}>Target</th>
            <th className={HEAD}>Status</th>
            <th className={`${HEAD} w-[9%]`}>Initiator</th>
            <th className={`${HEAD} w-[9%] text-right`}>Queued for</th>
            <th className={`${HEAD} w-[10%]`}>Started</th>
            <th className={`${HEAD} w-[8%] text-right`}>Duration</th>
            <th className={`${HEAD} w-9`}>
              <span className="sr-only">Cancel</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tasks.map((task) => (
            <TaskRow key={task.id} task={task} />
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}

function TaskRow({ task }: { task: TaskView }) {
  const cell = 'h-row px-3 truncate max-w-0';
  const times = 'h-row px-3 whitespace-nowrap';
  return (
    <tr className="border-b border-line hover:bg-hover">
      <td className={cell} title={task.label}>
        {task.label}
      </td>
      <td className={cell}>
        <ObjectLink id={task.target.id} name={task.target.name} />
      </td>
      <td className={cell}>
        <TaskStatus task={task} />
      </td>
      <td className={cell}>{task.initiator}</td>
      <td className={`${times} text-right`}>
        <Elapsed from={task.queuedAt} to={task.startedAt ?? task.completedAt} />
      </td>
      <td className={times}>
        {task.startedAt ? <Age at={task.startedAt} short /> : <span className="text-muted">–</span>}
      </td>
      <td className={`${times} text-right`}>
        <Elapsed from={task.startedAt} to={task.completedAt} />
      </td>
      <td className="h-row px-1">
        <CancelButton task={task} />
      </td>
    </tr>
  );
}

function CancelButton({ task }: { task: TaskView }) {
  const { mutate, isPending } = useCancelTask();
  if (task.state !== 'running' && task.state !== 'queued') return null;
  const reason = task.cancelable ? null : 'This task can no longer be cancelled.';
  return (
    <IconButton
      size="small"
      label={`Cancel: ${task.label} ${task.target.name}`}
      icon={<X size={14} />}
      disabledReason={isPending ? 'Cancelling…' : reason}
      onClick={() =>
        mutate(
          { params: { id: task.id } },
          { onError: (error) => showFault('The task was not cancelled', error) },
        )
      }
    />
  );
}
