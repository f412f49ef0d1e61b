// Turns whatever was thrown into a problem document. What nobody expected is logged in full and
// told in brief.
import type { Logger } from 'pino';
import type { Random } from '../base/random.ts';
import { randomHex } from '../base/random.ts';
import { FAULTS, Fault, type FaultName } from '../model/fault.ts';
import { PROBLEM_TYPE, type Problem } from '../wire/api/problem.ts';

/** As other servers log it; nobody is there to read it. */
const CLIENT_GONE = 499;

/** The document of a fault, with another status where HTTP has a better one. */
function problemOf(fault: Fault, status: number = FAULTS[fault.fault].http): Problem {
  return {
    type: `urn:sluice:fault:${fault.fault}`,
    title: FAULTS[fault.fault].when,
    status,
    detail: fault.message,
    fault: fault.fault,
    reasons: fault.reasons,
    ...(Object.keys(fault.data).length > 0 ? { data: fault.data } : {}),
  };
}

/** The answer for anything that was thrown. */
export function answerProblem(
  thrown: unknown,
  { logger, random }: { logger: Logger; random: Random },
): Response {
  if (thrown instanceof Fault) {
    const { retryAfterSeconds } = thrown.data;
    const headers: Record<string, string> =
      typeof retryAfterSeconds === 'number' ? { 'Retry-After': String(retryAfterSeconds) } : {};
    if (thrown.fault === 'SystemError') logger.error({ err: thrown }, 'request failed');
    return problemResponse(problemOf(thrown), headers);
  }
  if (isGone(thrown)) {
    logger.debug({ err: thrown }, 'a client left before its request was read');
    return new Response(null, { status: CLIENT_GONE });
  }
  const reference = randomHex(random, 6);
  logger.error({ err: thrown, reference }, 'request failed');
  const message =
    `The product failed in a way it did not expect. ` +
    `Its log says more under the reference ${reference}.`;
  return problemResponse(problemOf(new Fault('SystemError', message)));
}

/** What Node's HTTP server has a body fail with whose client has closed the connection. */
function isGone(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || thrown.message !== 'aborted') return false;
  return 'code' in thrown && thrown.code === 'ECONNRESET';
}

/** A refusal that HTTP itself knows: an unknown path, a wrong method, an unreadable body. */
export function refuse(
  fault: FaultName,
  message: string,
  more: { status?: number; headers?: Record<string, string> } = {},
): Response {
  return problemResponse(problemOf(new Fault(fault, message), more.status), more.headers);
}

function problemResponse(problem: Problem, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'Content-Type': PROBLEM_TYPE, 'Cache-Control': 'no-store', ...headers },
  });
}
