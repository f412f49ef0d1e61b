'use client';
// Monitor › Tasks and Monitor › Events of one object.
// Props: `id` of the object.
import { useEvents, useTasks } from '#lib/client/use-tasks.ts';
import { EventTable } from '../events/event-table.tsx';
import { TaskTable } from '../tasks/task-table.tsx';
import { QueryState } from '../ui/states/query-state.tsx';

const HEIGHT = 520;
const LIMIT = 500;

export function ObjectTasks({ id }: { id: string }) {
  const tasks = useTasks({ target: id, limit: LIMIT });
  return (
    <QueryState query={tasks}>{(rows) => <TaskTable rows={rows} height={HEIGHT} />}</QueryState>
  );
}

export function ObjectEvents({ id }: { id: string }) {
  const events = useEvents({ object: id, limit: LIMIT });
  return (
    <QueryState query={events}>{(rows) => <EventTable rows={rows} height={HEIGHT} />}</QueryState>
  );
}
