// The agent's HTTP face: POST /rpc/<name> with a JSON body and a bearer token. Whatever comes in is
// answered by a result or by a fault record, and never ends the agent.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Json } from '#lib/base/json.ts';
import { FAULTS, Fault, toFaultRecord } from '#lib/model/fault.ts';
import { JSON_BODY_BYTES_MAX } from '#lib/model/limits.ts';
import type { Rpc } from '#lib/wire/agent/rpc.ts';
import type { OperationJob, Operations } from './operations.ts';

/** One call with its handler, the types of both made to fit by `handle`. */
export interface BoundRpc {
  name: string;
  call(input: unknown, signal: AbortSignal): Promise<unknown>;
}

/**
 * Binds a handler to a call of the contract; what goes in and comes out is parsed by its schemas.
 */
export function handle<Input extends z.ZodType, Output extends z.ZodType>(
  rpc: Rpc<Input, Output>,
  handler: (input: z.output<Input>, signal: AbortSignal) => Promise<z.input<Output>>,
): BoundRpc {
  return {
    name: rpc.name,
    async call(input, signal) {
      const parsed = rpc.input.safeParse(input);
      if (parsed.success) return rpc.output.parse(await handler(parsed.data, signal));
      throw new Fault('InvalidArgument', `${rpc.name}: ${z.prettifyError(parsed.error)}`);
    },
  };
}

/** A call that changes something: joined, or answered again, by its operation key. */
export function keyed<Input extends z.ZodType<{ operationKey: string }>, Output extends z.ZodType>(
  operations: Operations,
  rpc: Rpc<Input, Output>,
  work: (input: z.output<Input>, job: OperationJob) => Promise<Json>,
): BoundRpc {
  const { name, input, timeoutMs } = rpc;
  const unparsed: Rpc<Input, z.ZodUnknown> = { name, input, timeoutMs, output: z.unknown() };
  return handle(unparsed, async (given) => {
    const operation = { operationKey: given.operationKey, kind: name };
    const result = await operations.run(operation, async (job) =>
      z.json().parse(await work(given, job)),
    );
    return rpc.output.parse(result);
  });
}

/** What one bearer token gives access to. */
export interface RpcFace {
  token: string;
  rpcs: readonly BoundRpc[];
}

export interface RpcServerOptions extends RpcFace {
  logger: Logger;
}

export function createRpcServer({ logger, ...face }: RpcServerOptions): Server {
  return createSharedRpcServer([face], logger);
}

/** One server for several hosts, told apart by their tokens, which must differ. */
export function createSharedRpcServer(faces: readonly RpcFace[], logger: Logger): Server {
  // Found by the hash of the token: how long that takes says nothing of the token itself.
  const byToken = new Map(
    faces.map(({ token, rpcs }) => [
      digest(`Bearer ${token}`),
      new Map(rpcs.map((rpc) => [rpc.name, rpc])),
    ]),
  );
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    answer(request, gone.signal).then(
      (result) => send(response, 200, result),
      (thrown: unknown) => {
        const record = toFaultRecord(thrown);
        if (record.fault === 'SystemError') logger.error({ err: thrown }, 'a call failed');
        send(response, FAULTS[record.fault].http, record);
      },
    );
  });
  server.requestTimeout = 30_000;
  return server;

  async function answer(request: IncomingMessage, signal: AbortSignal): Promise<unknown> {
    const byName = byToken.get(digest(request.headers.authorization ?? ''));
    if (!byName) {
      throw new Fault('NotAuthenticated', 'The host agent does not know the caller.');
    }
    const name = /^\/rpc\/([A-Za-z]{1,64})$/.exec(request.url ?? '')?.[1] ?? '';
    const rpc = byName.get(name);
    if (!rpc || request.method !== 'POST') {
      throw new Fault('NotFound', `The host agent has no call ${request.method} ${request.url}.`);
    }
    return rpc.call(parseJson(await readBody(request)), signal);
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > JSON_BODY_BYTES_MAX) {
      throw new Fault('RequestTooLarge', `A call takes at most ${JSON_BODY_BYTES_MAX} bytes.`);
    }
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('InvalidArgument', 'The body of the call is not JSON.', { cause });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  const text = JSON.stringify(body);
  // A body that was not read to its end would be taken for the next request.
  const connection = status < 400 ? {} : { connection: 'close' };
  response.writeHead(status, { 'content-type': 'application/json', ...connection });
  response.end(text);
}
