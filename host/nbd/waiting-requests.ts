// Counts the requests that a client has sent and nobody has begun, for the report of a pause.
import { COMMANDS, REQUEST_HEADER_BYTES } from '#lib/formats/nbd/constants.ts';
import { emptyRequest, readRequest } from '#lib/formats/nbd/transmission.ts';
import type { InputBuffer } from './input-buffer.ts';

/** Those whose header has arrived whole. */
export function countWaitingRequests({ slab, at, end }: InputBuffer): number {
  let count = 0;
  const request = emptyRequest();
  for (let from = at; end - from >= REQUEST_HEADER_BYTES; ) {
    if (!readRequest(slab.view, from, request)) break;
    count += 1;
    from += REQUEST_HEADER_BYTES + (request.command === COMMANDS.write ? request.length : 0);
  }
  return count;
}
