// Calls host agents: one typed HTTP request a call, with a time-out, and every failure as a fault.
import { z } from 'zod';
import { backoffMs } from '../../base/backoff.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { Fault, fromFaultRecord } from '../../model/fault.ts';
import { faultRecordSchema } from '../../model/task.ts';
import type { Rpc } from '../../wire/agent/rpc.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { openAgentToken } from './agent-token.ts';

/** Where a host agent listens, and the token that it knows its controller by (agent-token.ts). */
export interface AgentAddress {
  id: string;
  name: string;
  agentUrl: string;
  agentToken: string;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Overrides the call's own time-out, in milliseconds. */
  timeoutMs?: number;
  /**
   * Asks again while the host is not reachable, for so many milliseconds: an agent restarts within
   * a few seconds.
   */
  patienceMs?: number;
}

export interface Agents {
  /** Throws the host's own fault, or `HostNotReachable`; the reason of an aborted signal. */
  call<Input extends z.ZodType, Output extends z.ZodType>(
    host: AgentAddress,
    rpc: Rpc<Input, Output>,
    input: z.input<Input>,
    options?: CallOptions,
  ): Promise<z.output<Output>>;
}

/** An answer may hold a full report: inspections of all VIBs, and thousands of events. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const RETRY = { firstMs: 100, maxMs: 2_000 };

/** `sealer` opens tokens that are sealed; without it they are taken as they are. */
export function createAgents(clock: Clock, sealer?: Sealer): Agents {
  return {
    async call({ agentToken, ...place }, rpc, input, options = {}) {
      const token = sealer ? openAgentToken(sealer, agentToken) : agentToken;
      const host = { ...place, agentToken: token };
      const { signal, patienceMs = 0 } = options;
      const body = JSON.stringify(rpc.input.parse(input));
      const until = clock.monotonic() + patienceMs;
      for (let attempt = 0; ; attempt++) {
        try {
          const answer = await request({ clock, host, rpc, body, options });
          return parseAnswer(host, rpc, answer);
        } catch (error) {
          signal?.throwIfAborted();
          const wait = backoffMs(RETRY, attempt);
          if (!isUnreachable(error) || clock.monotonic() + wait > until) throw error;
          await sleep(clock, wait, signal);
        }
      }
    },
  };
}

/** Whether the host, as opposed to what was asked of it, is the problem. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Fault && error.fault === 'HostNotReachable';
}

interface Request {
  clock: Clock;
  host: AgentAddress;
  rpc: { name: string; timeoutMs: number };
  body: string;
  options: CallOptions;
}

async function request({ clock, host, rpc, body, options }: Request): Promise<string> {
  const timeoutMs = options.timeoutMs ?? rpc.timeoutMs;
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const timer = clock.after(timeoutMs, onAbort);
  try {
    options.signal?.throwIfAborted();
    const response = await fetch(new URL(`/rpc/${rpc.name}`, host.agentUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${host.agentToken}` },
      body,
      signal: stop.signal,
      redirect: 'error',
    });
    const text = await readText(host, response);
    if (!response.ok) throw faultOf(host, rpc.name, response.status, text);
    return text;
  } catch (error) {
    if (error instanceof Fault) throw error;
    options.signal?.throwIfAborted();
    throw unreachable(host, rpc.name, stop.signal.aborted ? timeoutMs : null, error);
  } finally {
    timer.cancel();
    options.signal?.removeEventListener('abort', onAbort);
  }
}

async function readText(host: AgentAddress, response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > ANSWER_BYTES_MAX) {
      throw new Fault(
        'SystemError',
        `${host.name} answered with more than ${ANSWER_BYTES_MAX} bytes.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseAnswer<Output extends z.ZodType>(
  host: AgentAddress,
  rpc: { name: string; output: Output },
  text: string,
): z.output<Output> {
  const parsed = rpc.output.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const what = z.prettifyError(parsed.error);
  throw new Fault(
    'SystemError',
    `${host.name} answered ${rpc.name} in a way not agreed on: ${what}`,
  );
}

function faultOf(host: AgentAddress, name: string, status: number, text: string): Fault {
  const parsed = faultRecordSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    return new Fault('SystemError', `${host.name} answered ${name} with HTTP status ${status}.`);
  }
  return fromFaultRecord(parsed.data);
}

/** Undefined for what is no JSON: the schema refuses it then. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Said by the caller, with the host's name.
    return undefined;
  }
}

function unreachable(
  host: AgentAddress,
  name: string,
  timeoutMs: number | null,
  cause: unknown,
): Fault {
  const how =
    timeoutMs === null
      ? `does not answer at ${host.agentUrl}${reasonOf(cause)}`
      : `did not answer ${name} within ${timeoutMs / 1000} s`;
  const message = `${host.name} ${how}.`;
  return new Fault('HostNotReachable', message, {
    reasons: [
      {
        fault: 'HostNotReachable',
        message,
        remedy: `Check that the agent of ${host.name} runs and that the network reaches it.`,
        objects: [host.id],
      },
    ],
    cause,
  });
}

/** The system's word for it (ECONNREFUSED), which fetch hides one level down. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause && typeof cause === 'object' && 'code' in cause) return ` (${String(cause.code)})`;
  return '';
}
