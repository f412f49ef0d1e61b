// A call that was refused or failed, as the console shows it: the fault by name and every reason
// with its remedy.

import type { Json } from '../base/json.ts';
import { FAULTS, type FaultName, type Reason } from '../model/fault.ts';
import type { Problem } from '../wire/api/problem.ts';
import { fieldOf } from './json-field.ts';

/** `status` is 0 when no answer came at all. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly fault: FaultName;
  readonly status: number;
  readonly reasons: Reason[];
  readonly data: Record<string, Json>;

  constructor(
    problem: Pick<Problem, 'fault' | 'status' | 'detail'> & Partial<Problem>,
    cause?: unknown,
  ) {
    super(problem.detail, { cause });
    const { fault, status, detail } = problem;
    this.fault = fault;
    this.status = status;
    this.reasons = problem.reasons ?? [{ fault, message: detail }];
    this.data = problem.data ?? {};
  }
}

/** The error of an answer whose status is not 2xx, whatever its body is. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const text = await response.text();
  const answer = parseJson(text);
  if (isProblem(answer)) return new ProblemError(answer);
  const fault = faultOfStatus(response.status);
  return new ProblemError({
    fault,
    status: response.status,
    detail: `The server answered ${response.status} ${response.statusText}.`.replace(' .', '.'),
  });
}

/** The error of a call that never got an answer. */
export function unreachableServer(cause: unknown): ProblemError {
  const detail = 'The server does not answer. Check that it runs and that the network works.';
  return new ProblemError({ fault: 'SystemError', status: 0, detail }, cause);
}

/** What to show for anything that was thrown. */
export function toProblemError(thrown: unknown): ProblemError {
  if (thrown instanceof ProblemError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new ProblemError({ fault: 'SystemError', status: 0, detail }, thrown);
}

function faultOfStatus(status: number): FaultName {
  if (status === FAULTS.NotAuthenticated.http) return 'NotAuthenticated';
  if (status === FAULTS.NotFound.http) return 'NotFound';
  return status === FAULTS.RequestTooLarge.http ? 'RequestTooLarge' : 'SystemError';
}

/** Our own server's problems are told from a proxy's by the name of the fault. */
function isProblem(answer: unknown): answer is Problem {
  const fault = fieldOf(answer, 'fault');
  return (
    typeof fault === 'string' &&
    Object.hasOwn(FAULTS, fault) &&
    typeof fieldOf(answer, 'status') === 'number' &&
    typeof fieldOf(answer, 'detail') === 'string' &&
    Array.isArray(fieldOf(answer, 'reasons'))
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: a proxy's page, for example. The status alone has to tell.
    return null;
  }
}
