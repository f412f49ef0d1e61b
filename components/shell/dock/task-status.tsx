'use client';
// The state of a task in one line: a bar with its step while it runs, a word when it ended; a
// failure opens to all its reasons and remedies.
import { transferText } from '#components/tasks/transfer-text.ts';
import { Badge } from '#components/ui/badge.tsx';
import { Popover } from '#components/ui/overlays/popover.tsx';
import { ProgressBar } from '#components/ui/progress-bar.tsx';
import { ReasonList } from '#components/ui/reason-list.tsx';
import type { TaskView } from '#lib/wire/api/tasks.ts';

export function TaskStatus({ task }: { task: TaskView }) {
  if (task.state === 'running') {
    const copied = transferText(task.transfer);
    const doing = copied === '' ? task.step : copied;
    return (
      <span className="flex items-center gap-2">
        <span className="w-28 shrink-0">
          <ProgressBar value={task.progress} label={`${task.label} ${task.target.name}`} />
        </span>
        <span className="w-9 shrink-0 text-right">{task.progress} %</span>
        <span className="truncate text-muted" title={`${task.step} ${copied}`.trim()}>
          {doing}
        </span>
      </span>
    );
  }
  if (task.state === 'error') return <Failure task={task} />;
  const [tone, word] = ENDED[task.state];
  return (
    <span className="flex">
      <Badge tone={tone} subtle>
        {word}
      </Badge>
    </span>
  );
}

const ENDED = {
  queued: ['info', 'Queued'],
  success: ['ok', 'Completed'],
  canceled: ['idle', 'Cancelled'],
} as const;

function Failure({ task }: { task: TaskView }) {
  const message = task.fault?.message ?? 'It failed without a reason being recorded.';
  return (
    <Popover
      align="start"
      title={`${task.label} failed on ${task.target.name}`}
      titleClassName="mb-2 font-semibold"
      className="max-h-(--available-height) w-[30rem] max-w-[calc(100vw-2rem)] overflow-y-auto
        rounded-md border border-line bg-raised p-4 text-ink shadow-popup outline-none"
      trigger={
        <button type="button" className="flex max-w-full items-center gap-2 rounded-sm text-left">
          <Badge tone="bad" subtle>
            Failed
          </Badge>
          <span className="truncate underline decoration-dotted underline-offset-2">{message}</span>
        </button>
      }
    >
      {() => (
        <>
          {task.fault ? <ReasonList reasons={task.fault.reasons} /> : message}
          {task.fault && (
            <p className="mt-2 text-sm text-muted">
              Fault <code>{task.fault.fault}</code>
              {task.step !== '' && `, at the step “${task.step}”`}
            </p>
          )}
        </>
      )}
    </Popover>
  );
}
