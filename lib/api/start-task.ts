// Submits an operation on behalf of a request, and answers with the task that was started; or only
// judges it.

import { judgeOperation } from '../controller/tasks/judge-operation.ts';
import type { ObservedTarget, Operation } from '../controller/tasks/operation.ts';
import { submit } from '../controller/tasks/submit.ts';
import type { Verdict } from '../model/verdict.ts';
import type { Surroundings } from './handlers.ts';

export async function startTask<Input, Observed extends ObservedTarget>(
  { context, session }: Pick<Surroundings, 'context' | 'session'>,
  operation: Operation<Input, Observed>,
  input: Input,
  showAs?: { key: string; label: string },
): Promise<{ taskId: string }> {
  const { db } = context;
  const { caller } = session;
  const more = showAs ? { showAs } : {};
  return { taskId: await submit({ db, caller, operation, input, ...more }) };
}

export function judge<Input, Observed extends ObservedTarget>(
  { context, session }: Pick<Surroundings, 'context' | 'session'>,
  operation: Operation<Input, Observed>,
  input: Input,
): Promise<Verdict> {
  return judgeOperation({ db: context.db, caller: session.caller, operation, input });
}
