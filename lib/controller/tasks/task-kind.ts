// One kind of task as the runner sees it: the operation's types are closed in, the handler is
// loaded when needed.
import type { Json } from '../../base/json.ts';
import type { ObservedTarget, Operation } from './operation.ts';
import { parseInput } from './parse-input.ts';
import type { TaskContext, TaskHandler } from './task-context.ts';

export interface TaskKind {
  key: string;
  /** Whether the input is one of this kind. */
  accepts(input: unknown): boolean;
  run(context: TaskContext, input: unknown): Promise<Json | undefined>;
}

export function taskKind<Input, Observed extends ObservedTarget>(
  operation: Operation<Input, Observed>,
  load: () => Promise<TaskHandler<Input>>,
): TaskKind {
  return {
    key: operation.key,
    accepts: (input) => operation.input.safeParse(input).success,
    async run(context, input) {
      const handler = await load();
      return handler(context, parseInput(operation.input, input));
    },
  };
}

/** Several operations that show under one key: each is told by its input. */
export function oneKindOf(kinds: readonly [TaskKind, ...TaskKind[]]): TaskKind {
  const [first] = kinds;
  return {
    key: first.key,
    accepts: (input) => kinds.some((kind) => kind.accepts(input)),
    run: (context, input) =>
      (kinds.find((kind) => kind.accepts(input)) ?? first).run(context, input),
  };
}
