'use client';
// Everything that was done and takes time, newest first.
import { ListChecks } from 'lucide-react';
import { ListPage } from '#components/shell/object-page.tsx';
import { useTasks } from '#lib/client/use-tasks.ts';
import { QueryState } from '../ui/states/query-state.tsx';
import { TaskTable } from './task-table.tsx';

const LIMIT = 1000;

export function TaskListPage() {
  const tasks = useTasks({ limit: LIMIT });
  return (
    <ListPage title="Tasks" icon={<ListChecks aria-hidden size={20} strokeWidth={1.75} />}>
      <QueryState query={tasks}>{(rows) => <TaskTable rows={rows} />}</QueryState>
    </ListPage>
  );
}
