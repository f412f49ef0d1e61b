'use client';
// A migration that was started: how far it is, and what it measured.
// Props: `task` (null until it is known), `words` (what is true when it has ended well).
import type { TaskView } from '#lib/wire/api/tasks.ts';
import { TaskBar } from '../tasks/task-bar.tsx';
import { taskResultText } from '../tasks/task-result.ts';
import { Banner } from '../ui/states/banner.tsx';
import { migrationResult } from './migration-result.ts';
import { MigrationNumbers } from './vm-migrations.tsx';

export interface MigrationProgressProps {
  task: TaskView | null;
  words: string;
}

export function MigrationProgress({ task, words }: MigrationProgressProps) {
  if (!task) return <p>Waiting for the migration to start…</p>;
  if (task.state === 'success') {
    const result = migrationResult(task);
    return (
      <Banner tone="ok" title={words}>
        {result ? <MigrationNumbers result={result} /> : <p>{taskResultText(task)}</p>}
      </Banner>
    );
  }
  if (task.state === 'canceled') {
    return <Banner tone="info" title="Cancelled: everything is where it was" />;
  }
  if (task.state === 'error') return null;
  return (
    <div className="space-y-2">
      <TaskBar task={task} />
      <p className="text-muted">You may close this; it goes on, and stands in Recent Tasks.</p>
    </div>
  );
}
