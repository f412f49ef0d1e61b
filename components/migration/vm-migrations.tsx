'use client';
// Monitor › Migrations: each move of a VM with what was measured: the pause, the I/Os held over it,
// the clients kept.
// Props: `vmId`; or MigrationNumbers with one `result`.
import { ArrowRightLeft } from 'lucide-react';
import { useTasks } from '#lib/client/use-tasks.ts';
import { formatCount, formatNoun } from '../format/quantities.ts';
import { TaskProgress } from '../tasks/task-progress.tsx';
import { Age } from '../ui/age.tsx';
import { EmptyState } from '../ui/states/empty-state.tsx';
import { QueryState } from '../ui/states/query-state.tsx';
import { isMigration, type MigrationResult, migrationResult } from './migration-result.ts';

const LIMIT = 500;

export function VmMigrations({ vmId }: { vmId: string }) {
  const tasks = useTasks({ target: vmId, limit: LIMIT });
  return (
    <QueryState query={tasks}>
      {(known) => {
        const moves = known.filter(isMigration);
        if (moves.length === 0) {
          return (
            <EmptyState icon={ArrowRightLeft} title="This virtual machine was not migrated yet">
              After a migration the pause that its clients saw stands here, as it was measured.
            </EmptyState>
          );
        }
        return (
          <ul className="space-y-2">
            {moves.map((task) => (
              <li key={task.id} className="rounded-lg border border-line bg-surface px-4 py-2">
                <div className="flex flex-wrap items-center gap-4">
                  <span className="w-48">
                    <TaskProgress task={task} />
                  </span>
                  <span className="text-muted">{task.step}</span>
                  <span className="ml-auto text-muted">
                    <Age at={task.queuedAt} /> by {task.initiator}
                  </span>
                </div>
                {task.fault && <p className="text-bad">{task.fault.message}</p>}
                <MigrationNumbers result={migrationResult(task)} />
              </li>
            ))}
          </ul>
        );
      }}
    </QueryState>
  );
}

export function MigrationNumbers({ result }: { result: MigrationResult | null }) {
  if (!result) return null;
  return (
    <p>
      <span className="font-semibold">{`Paused for ${formatCount(result.pauseMs)} ms`}</span>
      {`, ${formatNoun(result.heldIos, 'I/O')} held, `}
      {`${formatNoun(result.connections, 'connection')} kept.`}
    </p>
  );
}
