// /tasks: what was done.
import { TaskListPage } from '#components/tasks/task-list-page.tsx';

export default function Page() {
  return <TaskListPage />;
}
