'use client';
// One task in full: who started it, each time, every reason when it failed, and what it measured.
// Props: `id`.
import { ListChecks } from 'lucide-react';
import { PageHeader } from '#components/shell/object-page.tsx';
import { useCancelTask, useTask, useTasks } from '#lib/client/use-tasks.ts';
import type { TaskView } from '#lib/wire/api/tasks.ts';
import { formatMoment } from '../format/times.ts';
import { migrationResult } from '../migration/migration-result.ts';
import { MigrationNumbers } from '../migration/vm-migrations.tsx';
import { ObjectLink } from '../objects/object-link.tsx';
import { Elapsed } from '../ui/age.tsx';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/card.tsx';
import { CopyText } from '../ui/copy-text.tsx';
import { showFault } from '../ui/overlays/toast.tsx';
import { PropertyList } from '../ui/property-list.tsx';
import { Banner } from '../ui/states/banner.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { TaskBar } from './task-bar.tsx';
import { TaskProgress } from './task-progress.tsx';
import { taskResultText } from './task-result.ts';
import { TaskTable } from './task-table.tsx';

const CHILDREN_LIMIT = 500;

export function TaskPage({ id }: { id: string }) {
  const task = useTask(id);
  return <QueryState query={task}>{(known) => <Page task={known} />}</QueryState>;
}

function Page({ task }: { task: TaskView }) {
  const cancel = useCancelTask();
  const stop = () =>
    cancel.mutate(
      { params: { id: task.id } },
      { onError: (error) => showFault('The task was not cancelled', error) },
    );
  return (
    <div className="flex min-h-0 flex-1 flex-col overflow-auto">
      <title>{`${task.label} – Sluice`}</title>
      <PageHeader
        icon={<ListChecks aria-hidden size={20} strokeWidth={1.75} />}
        title={task.label}
        kind="Task"
        state={
          <span className="w-40">
            <TaskProgress task={task} />
          </span>
        }
        actions={
          <Button
            busy={cancel.isPending}
            disabledReason={task.cancelable ? null : 'This task cannot be cancelled now.'}
            onClick={stop}
          >
            Cancel the task
          </Button>
        }
      />
      <div className="space-y-6 border-t border-line p-4">
        {task.fault && (
          <Banner tone="bad" title={task.fault.message} reasons={task.fault.reasons}>
            <p className="text-sm text-muted">{task.fault.fault}</p>
          </Banner>
        )}
        <Section title="Task" className="max-w-3xl">
          <PropertyList items={propertiesOf(task)} />
        </Section>
        {(task.state === 'running' || task.state === 'queued') && <TaskBar task={task} />}
        <MigrationNumbers result={migrationResult(task)} />
        <Children id={task.id} />
      </div>
    </div>
  );
}

function propertiesOf(task: TaskView) {
  const { target, initiator, step, queuedAt, startedAt, completedAt, parentId } = task;
  return [
    { label: 'Target', value: <ObjectLink {...target} /> },
    { label: 'Initiator', value: initiator },
    { label: 'Step', value: step || null },
    { label: 'Measured', value: taskResultText(task) || null },
    { label: 'Queued', value: formatMoment(queuedAt) },
    {
      label: 'Queued for',
      value: <Elapsed from={queuedAt} to={startedAt ?? completedAt} />,
    },
    { label: 'Started', value: startedAt && formatMoment(startedAt) },
    { label: 'Completed', value: completedAt && formatMoment(completedAt) },
    { label: 'Duration', value: <Elapsed from={startedAt} to={completedAt} /> },
    { label: 'Part of', value: parentId && <ObjectLink id={parentId} name={parentId} /> },
    { label: 'Operation', value: <code className="font-mono text-sm">{task.operation}</code> },
    { label: 'Id', value: <CopyText text={task.id} label="id of the task" /> },
  ];
}

function Children({ id }: { id: string }) {
  const tasks = useTasks({ limit: CHILDREN_LIMIT });
  const children = (tasks.data ?? []).filter(({ parentId }) => parentId === id);
  if (children.length === 0) return null;
  return (
    <Section title="Tasks that it started">
      <TaskTable id="children" rows={children} height={320} />
    </Section>
  );
}
