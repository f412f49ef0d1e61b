// Submits an operation on behalf of a request, and answers with the task that was started.
import type { ObservedTarget, Operation } from '../controller/tasks/operation.ts';
import { submit } from '../controller/tasks/submit.ts';
import type { Surroundings } from './handlers.ts';

export async function startTask<Input, Observed extends ObservedTarget>(
  { context, session }: Pick<Surroundings, 'context' | 'session'>,
  operation: Operation<Input, Observed>,
  input: Input,
): Promise<{ taskId: string }> {
  const { db } = context;
  return { taskId: await submit({ db, caller: session.caller, operation, input }) };
}
