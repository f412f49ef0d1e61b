// What a rule answers: yes, or no with every reason. The same value greys out a button and refuses
// a call.
import { Fault, type Reason } from './fault.ts';

export interface Verdict {
  allowed: boolean;
  /** Empty when allowed. */
  reasons: Reason[];
  /** Worth saying, not in the way. */
  warnings: Reason[];
}

export function verdictOf(reasons: Reason[], warnings: Reason[] = []): Verdict {
  return { allowed: reasons.length === 0, reasons, warnings };
}

/** Throws the fault of the first reason, carrying all of them, unless the verdict allows. */
export function requireAllowed(verdict: Verdict): void {
  const [first] = verdict.reasons;
  if (first) throw new Fault(first.fault, first.message, { reasons: verdict.reasons });
}
