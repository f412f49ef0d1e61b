// GET /depot/files/<kind>/<name>: a file of the depot for a host, by a signed link in place of a
// session.
import { openDepotFile } from '../controller/depot/open-depot-file.ts';
import { Fault } from '../model/fault.ts';
import type { ApiContext } from './api-context.ts';

export async function answerDepotFile(
  request: { kind: string; fileName: string; query: Record<string, string> },
  { depot, depotSecret }: Pick<ApiContext, 'depot' | 'depotSecret'>,
): Promise<Response> {
  const { kind, fileName, query } = request;
  if (kind !== 'vibs' && kind !== 'traces' && kind !== 'imports') {
    throw new Fault('FileNotFound', `The depot has no files of the kind ${kind}.`);
  }
  const { handle, start, sizeBytes } = await openDepotFile(
    { depot, secret: depotSecret },
    { kind, fileName, expires: Number(query.expires), token: query.token ?? '' },
  );
  const end = start + sizeBytes - 1;
  const chunks = handle.createReadStream({ start, end })[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    // A reader that goes away ends the file's stream, and that closes the file.
    cancel: async () => void (await chunks.return?.()),
  });
  return new Response(body, {
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(sizeBytes),
      'Cache-Control': 'no-store, no-transform',
    },
  });
}
