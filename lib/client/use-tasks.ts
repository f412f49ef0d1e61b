// Tasks, events and alarms, and calls that start a task and are followed to its end.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Answer } from '../wire/api/route-types.ts';
import type { RouteName } from '../wire/api/routes.ts';
import type { TaskView } from '../wire/api/tasks.ts';
import { type CallOptions, call } from './call.ts';
import { ProblemError, toProblemError } from './problem-error.ts';
import { queryKey } from './query-keys.ts';
import { useCall, useChange } from './use-call.ts';

/** While a task runs it is asked for this often as well, for the case that the stream is down. */
const RUNNING_TASK_MS = 5_000;

/** The newest tasks first; with `target` those of one object. */
export function useTasks(query: { limit?: number; target?: string } = {}) {
  return useCall('listTasks', { query });
}

/** One task; nothing is asked for while `id` is null. */
export function useTask(id: string | null) {
  return useQuery<TaskView, ProblemError>({
    queryKey: queryKey('readTask', { params: { id: id ?? '' } }),
    queryFn: ({ signal }) => call('readTask', { params: { id: id ?? '' }, signal }),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data && isEnded(state.data) ? false : RUNNING_TASK_MS),
  });
}

export function useCancelTask() {
  return useChange('cancelTask');
}

/** Lets a task stand still between two hosts, and go on. */
export function usePauseTask() {
  return useChange('pauseTask');
}

/**
 * The newest events first; with `object` those of one object, with `before` those older than that
 * event's id.
 */
export function useEvents(query: { limit?: number; object?: string; before?: string } = {}) {
  return useCall('listEvents', { query });
}

export function useAlarms() {
  return useCall('listAlarms', {});
}

/** Routes that answer with the id of a task. */
export type TaskRouteName = {
  [Name in RouteName]: Answer<Name> extends { taskId: string } ? Name : never;
}[RouteName];

export interface TaskCall<Name extends TaskRouteName> {
  /**
   * Makes the call; resolves with the task's id, or with null when it was refused (`error` says
   * why).
   */
  start(options: CallOptions<Name>): Promise<string | null>;
  /** The task that was started last, live. */
  task: TaskView | null;
  /** True from the click until the task has ended. */
  isBusy: boolean;
  /** Why the call was refused, or why the task failed. */
  error: ProblemError | null;
  reset(): void;
}

/** A call that starts a task, followed to its end. */
export function useTaskCall<Name extends TaskRouteName>(name: Name): TaskCall<Name> {
  const { mutateAsync, isPending, error: refusal, reset } = useChange(name);
  const [taskId, setTaskId] = useState<string | null>(null);
  const { data, error: lost } = useTask(taskId);
  const task = taskId !== null && data?.id === taskId ? data : null;
  async function start(options: CallOptions<Name>): Promise<string | null> {
    setTaskId(null);
    try {
      const started = await mutateAsync(options);
      setTaskId(started.taskId);
      return started.taskId;
    } catch {
      // The mutation keeps the refusal, and `error` below gives it to the page.
      return null;
    }
  }
  return {
    start,
    task,
    isBusy: isPending || (taskId !== null && !(task && isEnded(task)) && lost === null),
    error: refusal ? toProblemError(refusal) : (lost ?? taskError(task)),
    reset() {
      setTaskId(null);
      reset();
    },
  };
}

/** Whether the task has come to its end, good or bad. */
function isEnded({ state }: Pick<TaskView, 'state'>): boolean {
  return state === 'success' || state === 'error' || state === 'canceled';
}

/** The fault of a failed task as the error that a refused call would have given. */
function taskError(task: TaskView | null): ProblemError | null {
  if (!task?.fault) return null;
  const { fault, message, reasons } = task.fault;
  return new ProblemError({ fault, status: 200, detail: message, reasons });
}
