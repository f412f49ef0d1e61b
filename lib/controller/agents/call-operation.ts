// Has a host do something long on behalf of a task: asks again while the host says that it is at
// it, shows its progress, passes a wish to cancel on, and gives up on a host that falls silent.
import type { z } from 'zod';
import { sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import { cancelOperation } from '../../wire/agent/disk-rpc.ts';
import { type HostOperation, type HostReport, report } from '../../wire/agent/host-rpc.ts';
import type { Rpc } from '../../wire/agent/rpc.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { type AgentAddress, isUnreachable } from './agent-client.ts';

/** One request lasts at most so long; then it is asked again, and joins what runs. */
const REQUEST_MS = 120_000;
/** An agent restarts faster than that. A host that is silent for longer counts as lost. */
const SILENCE_MS = 20_000;
const REPORT_MS = 5_000;
const POLL_MS = 500;

/** A host, and how far its events were read. */
type ReportingHost = AgentAddress & { eventCursor: number };
type Keyed = z.ZodType<unknown, { operationKey: string }>;

export interface HostCall<Input extends Keyed, Output extends z.ZodType> {
  host: ReportingHost;
  rpc: Rpc<Input, Output>;
  input: z.input<Input>;
  /** Called with the operation as the host reports it, when that has changed. */
  onProgress?: (operation: HostOperation) => Promise<void>;
  /** Whether the host can stop half way and leave everything as it was. */
  cancelable?: boolean;
}

type Context = Pick<TaskContext, 'agents' | 'clock' | 'signal' | 'logger'>;

/**
 * Throws the host's own fault; `HostNotReachable` when the host is silent for 20 s, after which
 * nobody knows how far it came; `RequestCanceled` when it stopped as asked.
 */
export async function callOperation<Input extends Keyed, Output extends z.ZodType>(
  context: Context,
  call: HostCall<Input, Output>,
): Promise<z.output<Output>> {
  const stop = new AbortController();
  const ended = new AbortController();
  const onAbort = () => passOn(context, call, stop);
  context.signal.addEventListener('abort', onAbort);
  if (context.signal.aborted) onAbort();
  const watching = watch(context, call, AbortSignal.any([stop.signal, ended.signal])).catch(
    (error: unknown) => stop.abort(error),
  );
  try {
    return await ask(context, call, stop.signal);
  } finally {
    context.signal.removeEventListener('abort', onAbort);
    ended.abort();
    await watching;
  }
}

/** A user's wish goes to the host, which says how it ends; anything else ends the call here. */
function passOn<Input extends Keyed, Output extends z.ZodType>(
  context: Context,
  call: HostCall<Input, Output>,
  stop: AbortController,
) {
  const { signal, agents, logger } = context;
  if (!(signal.reason instanceof Fault)) {
    stop.abort(signal.reason);
    return;
  }
  if (!call.cancelable) return;
  const { operationKey } = call.input;
  agents
    .call(call.host, cancelOperation, { operationKey }, { patienceMs: SILENCE_MS })
    .catch((error: unknown) => logger.info({ err: error }, 'a host was not told to cancel'));
}

async function ask<Input extends Keyed, Output extends z.ZodType>(
  { agents, clock }: Context,
  { host, rpc, input }: HostCall<Input, Output>,
  signal: AbortSignal,
): Promise<z.output<Output>> {
  const until = clock.monotonic() + rpc.timeoutMs;
  const timeoutMs = Math.min(REQUEST_MS, rpc.timeoutMs);
  for (;;) {
    try {
      return await agents.call(host, rpc, input, { signal, timeoutMs, patienceMs: SILENCE_MS });
    } catch (error) {
      // The watch ends this when the host is silent, as opposed to busy for long.
      if (!isUnreachable(error) || clock.monotonic() > until) throw error;
      await sleep(clock, POLL_MS, signal);
      signal.throwIfAborted();
    }
  }
}

/** Follows the host's reports until the signal aborts; throws when the host is silent. */
async function watch<Input extends Keyed, Output extends z.ZodType>(
  { agents, clock }: Context,
  { host, input, onProgress }: HostCall<Input, Output>,
  signal: AbortSignal,
): Promise<void> {
  let answeredAt = clock.monotonic();
  let known: HostReport | null = null;
  let shown = '';
  while (!signal.aborted) {
    try {
      known = await agents.call(host, report, queryAfter(host, known), {
        ...{ signal, timeoutMs: REPORT_MS },
      });
      answeredAt = clock.monotonic();
      const found = known.operations.find((row) => row.operationKey === input.operationKey);
      const text = `${found?.step} ${found?.progress} ${found?.transfer?.doneBytes ?? ''}`;
      if (found?.state === 'running' && text !== shown) {
        shown = text;
        await onProgress?.(found);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isUnreachable(error)) throw error;
      if (clock.monotonic() - answeredAt > SILENCE_MS) throw silent(host, error);
    }
    await sleep(clock, POLL_MS, signal);
  }
}

function queryAfter(host: ReportingHost, known: HostReport | null) {
  return {
    knownRevision: known?.revision ?? -1,
    knownBootId: known?.bootId ?? '',
    afterEvent: host.eventCursor,
    waitMs: known ? 2_000 : 0,
  };
}

function silent(host: ReportingHost, cause: unknown): Fault {
  const message =
    `${host.name} has not answered for ${SILENCE_MS / 1000} s. ` +
    'How far it came is known when it answers again.';
  const remedy = `Check that the agent of ${host.name} runs, then try again.`;
  const reasons = [{ fault: 'HostNotReachable' as const, message, remedy, objects: [host.id] }];
  return new Fault('HostNotReachable', message, { reasons, cause });
}
