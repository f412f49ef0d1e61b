// Reads request bodies within their limits, without trusting what the length header says.
import { Fault } from '../model/fault.ts';
import { JSON_BODY_BYTES_MAX } from '../model/limits.ts';

/** The parsed JSON of the body; `{}` when it is empty. `InvalidArgument` or `RequestTooLarge`. */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type') ?? '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > JSON_BODY_BYTES_MAX) {
      throw new Fault(
        'RequestTooLarge',
        `The request body is larger than ${JSON_BODY_BYTES_MAX} bytes.`,
      );
    }
    chunks.push(chunk);
  }
  if (size === 0) return {};
  // A form of another site can send text, but not this type, without asking first.
  if (!/^application\/json\b/i.test(type)) {
    throw new Fault('InvalidArgument', 'The request body must be application/json.');
  }
  return parseJson(Buffer.concat(chunks));
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Fault('InvalidArgument', 'The request body is not valid JSON.', { cause: error });
  }
}

/** The body of an upload as it comes. */
export async function* readUpload(request: Request): AsyncIterable<Uint8Array> {
  for await (const chunk of request.body ?? []) yield chunk;
}
