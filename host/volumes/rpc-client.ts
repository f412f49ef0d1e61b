// Calls a process of the storage side by its contract (lib/wire/agent/rpc.ts): over a unix socket
// or TCP, with a bearer token.
import { request } from 'node:http';
import type { z } from 'zod';
import { Fault, fromFaultRecord } from '#lib/model/fault.ts';
import { faultRecordSchema } from '#lib/model/task.ts';
import type { Rpc } from '#lib/wire/agent/rpc.ts';
import type { NbdPlace } from '../nbd-client/nbd-address.ts';

const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export interface RpcPeer {
  place: NbdPlace;
  token: string;
}

/**
 * Throws the fault that the peer answered, `HostNotReachable` when there is no whole answer in
 * time.
 */
export async function callPeer<Input extends z.ZodType, Output extends z.ZodType>(
  { place, token }: RpcPeer,
  rpc: Rpc<Input, Output>,
  input: z.input<Input>,
): Promise<z.output<Output>> {
  const where = 'path' in place ? { socketPath: place.path } : place;
  const { status, text } = await new Promise<{ status: number; text: string }>(
    (resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const options = { ...where, method: 'POST', path: `/rpc/${rpc.name}`, headers, agent: false };
      const call = request(options, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) call.destroy();
        });
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      });
      // Of the whole call, since each of its bytes may be late.
      call.setTimeout(rpc.timeoutMs, () => call.destroy());
      call.on('error', reject);
      call.end(JSON.stringify(input));
    },
  ).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('HostNotReachable', `The call ${rpc.name} has no answer: ${why}.`, { cause });
  });
  const body: unknown = JSON.parse(text);
  if (status === 200) return rpc.output.parse(body);
  throw fromFaultRecord(faultRecordSchema.parse(body));
}
