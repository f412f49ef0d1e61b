// An operation: one verb, declared once, behind every face. Submitting makes a task row after the
// judgement; the controller's runner calls the handler, which judges again before it acts.
import type { z } from 'zod';
import type { Verdict } from '../../model/verdict.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { WantedPrivilege } from '../permissions/missing-privileges.ts';

/** What every observation says; operations add the facts that they judge by. */
export interface ObservedTarget {
  target: { id: string; name: string };
}

export interface Operation<Input, Observed extends ObservedTarget> {
  /** Description key of the API: `VirtualMachine.migrate`. */
  key: string;
  label: string;
  input: z.ZodType<Input>;
  cancelable: boolean;
  /** Whether its task can stand still between two hosts; left out: no. */
  pausable?: boolean;
  /** Reads the facts. Throws `NotFound` for an object that is not there. Without effects. */
  observe(tx: DatabaseTransaction, input: Input): Promise<Observed>;
  /** What the caller must hold, on which objects. */
  privileges(observed: Observed, input: Input): WantedPrivilege[];
  /** Pure, by lib/rules. */
  judge(observed: Observed, input: Input): Verdict;
}

/** Keeps the types of input and facts together while the operation is written as a plain object. */
export function defineOperation<Input, Observed extends ObservedTarget>(
  operation: Operation<Input, Observed>,
): Operation<Input, Observed> {
  return operation;
}
