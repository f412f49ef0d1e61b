// A task's state in a cell: a bar while it runs, a word with its symbol before and after.
// Props: `task`.
import type { TaskView } from '#lib/wire/api/tasks.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';

const STATES: Record<TaskView['state'], { label: string; tone: Tone }> = {
  queued: { label: 'Queued', tone: 'idle' },
  running: { label: 'Running', tone: 'info' },
  success: { label: 'Completed', tone: 'ok' },
  error: { label: 'Failed', tone: 'bad' },
  canceled: { label: 'Cancelled', tone: 'idle' },
};

export function taskStateLabel({ state }: Pick<TaskView, 'state'>): string {
  return STATES[state].label;
}

export function TaskProgress({ task }: { task: TaskView }) {
  const { label, tone } = STATES[task.state];
  if (task.state !== 'running')
    return (
      <Badge tone={tone} subtle>
        {label}
      </Badge>
    );
  return (
    <span className="flex items-center gap-2">
      <ProgressBar value={task.progress} label={task.label} />
      <span className="shrink-0 text-right text-sm">
        {task.paused ? 'Paused' : `${task.progress} %`}
      </span>
    </span>
  );
}
