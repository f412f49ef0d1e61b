// The verdicts on several actions of a view at once: privileges of all of them are looked up
// together.
import type { Reason } from '../../model/fault.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';
import type { DatabaseTransaction } from '../database/client.ts';
import type { Caller } from './caller.ts';
import {
  describeMissing,
  listMissingPrivileges,
  type WantedPrivilege,
} from './missing-privileges.ts';

export interface ActionFacts {
  wanted: readonly WantedPrivilege[];
  /** What else is in the way. */
  reasons?: readonly Reason[];
  /** Worth saying before it is done. */
  warnings?: readonly Reason[];
}

/** A verdict for each action, its missing privileges first. */
export async function judgeActions<Name extends string>(
  db: DatabaseTransaction,
  caller: Caller,
  actions: Record<Name, ActionFacts>,
): Promise<Record<string, Verdict>> {
  const entries = Object.entries<ActionFacts>(actions);
  const missing = await listMissingPrivileges(
    db,
    caller,
    entries.flatMap(([, { wanted }]) => wanted),
  );
  const described = await describeMissing(db, caller, missing);
  return Object.fromEntries(
    entries.map(([name, { wanted, reasons = [], warnings = [] }]) => {
      const own = described.filter((_, index) => {
        const lacking = missing[index];
        return wanted.some(
          ({ privilege, objectId }) =>
            privilege === lacking?.privilege && objectId === lacking.objectId,
        );
      });
      return [name, verdictOf([...distinct(own), ...reasons], [...warnings])];
    }),
  );
}

/** One privilege that several actions want is missing several times. */
function distinct(reasons: readonly Reason[]): Reason[] {
  return [...new Map(reasons.map((reason) => [reason.message, reason])).values()];
}
