'use client';
// A task that takes long, where people wait for it: step, percent, time, and a way to pause it
// between two hosts and to cancel it.
// Props: `task`, queued or running.
import { useCancelTask, usePauseTask } from '#lib/client/use-tasks.ts';
import type { TaskView } from '#lib/wire/api/tasks.ts';
import { Elapsed } from '../ui/age.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { showFault } from '../ui/overlays/toast.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { transferText } from './transfer-text.ts';

export function TaskBar({ task }: { task: TaskView }) {
  const cancel = useCancelTask();
  const pause = usePauseTask();
  const setPaused = (paused: boolean) =>
    pause.mutate(
      { params: { id: task.id }, body: { paused } },
      { onError: (error) => showFault('The task was not changed', error) },
    );
  const stop = () =>
    cancel.mutate(
      { params: { id: task.id } },
      { onError: (error) => showFault('The task was not cancelled', error) },
    );
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span className="font-semibold">{task.label}</span>
      <span className="min-w-32 flex-1">
        <ProgressBar value={task.state === 'queued' ? null : task.progress} label={task.label} />
      </span>
      <span>{task.state === 'queued' ? 'Queued' : `${task.progress} %`}</span>
      {task.paused && <Badge tone="warn">Paused</Badge>}
      <span className="text-muted">{task.step}</span>
      <span className="empty:hidden">{transferText(task.transfer)}</span>
      <span className="text-muted">
        <Elapsed from={task.startedAt ?? task.queuedAt} to={null} />
      </span>
      {task.pausable && (
        <Button size="small" busy={pause.isPending} onClick={() => setPaused(!task.paused)}>
          {task.paused ? 'Resume the task' : 'Pause the task'}
        </Button>
      )}
      <Button
        size="small"
        busy={cancel.isPending}
        disabledReason={task.cancelable ? null : 'This task cannot be cancelled now.'}
        onClick={stop}
      >
        Cancel the task
      </Button>
    </div>
  );
}
