// Tasks, events and alarms.
import { readAlarms } from '../controller/alarms/read-alarms.ts';
import { readEvents } from '../controller/events/read-events.ts';
import { cancelTask } from '../controller/tasks/cancel-task.ts';
import { readTask, readTasks } from '../controller/tasks/read-tasks.ts';
import type { Handlers } from './handlers.ts';

export const taskRoutes = {
  listTasks: ({ context, query }) => readTasks(context.db, query),
  readTask: ({ context, params }) => readTask(context.db, params.id),
  async cancelTask({ context, session, params }) {
    await cancelTask(context.db, session.caller, params.id);
    return {};
  },
  listEvents: ({ context, query }) => readEvents(context.db, query),
  listAlarms: ({ context }) => readAlarms(context.db),
} satisfies Partial<Handlers<TaskRouteName>>;

type TaskRouteName = 'listTasks' | 'readTask' | 'cancelTask' | 'listEvents' | 'listAlarms';
