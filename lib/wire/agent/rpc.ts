// How the controller calls a host: `POST /rpc/<name>` with a JSON body and a bearer token, over
// HTTP. Every call names its input and output here; both ends parse what they receive. A failed
// call answers with status 4xx or 5xx and a fault record (lib/model/task.ts) as body.
import type { z } from 'zod';

export interface Rpc<Input extends z.ZodType, Output extends z.ZodType> {
  name: string;
  input: Input;
  output: Output;
  /** After so many milliseconds without an answer the caller gives up. */
  timeoutMs: number;
}

export function defineRpc<Input extends z.ZodType, Output extends z.ZodType>(
  rpc: Rpc<Input, Output>,
): Rpc<Input, Output> {
  return rpc;
}
