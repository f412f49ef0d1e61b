// The verdict on an operation without doing it: what greys out a button and says why.
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from '../permissions/caller.ts';
import { missingPrivilegeReasons } from '../permissions/missing-privileges.ts';
import type { ObservedTarget, Operation } from './operation.ts';

export async function judgeOperation<Input, Observed extends ObservedTarget>({
  db,
  caller,
  operation,
  input,
}: {
  db: DatabaseTransaction;
  caller: Caller;
  operation: Operation<Input, Observed>;
  input: Input;
}): Promise<Verdict> {
  const observed = await operation.observe(db, input);
  const missing = await missingPrivilegeReasons(db, caller, operation.privileges(observed, input));
  const judged = operation.judge(observed, input);
  return verdictOf([...missing, ...judged.reasons], judged.warnings);
}
