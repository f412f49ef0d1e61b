// One kind of task as the runner sees it: the operation's types are closed in, the handler is
// loaded when needed.
import type { Json } from '../../base/json.ts';
import type { ObservedTarget, Operation } from './operation.ts';
import { parseInput } from './parse-input.ts';
import type { TaskContext, TaskHandler } from './task-context.ts';

export interface TaskKind {
  key: string;
  run(context: TaskContext, input: unknown): Promise<Json | undefined>;
}

export function taskKind<Input, Observed extends ObservedTarget>(
  operation: Operation<Input, Observed>,
  load: () => Promise<TaskHandler<Input>>,
): TaskKind {
  return {
    key: operation.key,
    async run(context, input) {
      const handler = await load();
      return handler(context, parseInput(operation.input, input));
    },
  };
}
