// What a world hands to the one that takes its VM over, beside the sockets that the new process
// inherits.
import { z } from 'zod';
import type { PackedConnection } from '../nbd/connection.ts';

const descriptorSchema = z.number().int().min(3);

/** What one client connection needs to go on in another process. */
const connectionStateSchema = z.object({
  /** Descriptor number in the destination's process. */
  fd: descriptorSchema,
  phase: z.enum(['clientFlags', 'options', 'transmission']),
  noZeroes: z.boolean(),
  structuredReplies: z.boolean(),
  blockStatus: z.boolean(),
  /** Key of the disk of a connection in transmission. */
  diskKey: z.number().int().nullable(),
  /** Key of the disk for which a client in its handshake has chosen base:allocation. */
  contextDiskKey: z.number().int().nullable(),
  /** Bytes received from the client and not yet worked on, base64. */
  input: z.string(),
});
export type ConnectionState = z.infer<typeof connectionStateSchema>;

export const handoverStateSchema = z.object({
  /** The listening TCP socket. */
  listenerFd: descriptorSchema.nullable(),
  connections: z.array(connectionStateSchema),
  /** Inherited connections whose clients have left meanwhile. */
  unusedFds: z.array(descriptorSchema),
  /** State of each filter that has one, base64. */
  filterStates: z.array(
    z.object({ diskKey: z.number().int(), filter: z.string(), state: z.string() }),
  ),
});
export type HandoverState = z.infer<typeof handoverStateSchema>;

export type FilterStates = ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>;

export function encodeFilterStates(states: FilterStates): HandoverState['filterStates'] {
  return [...states].flatMap(([diskKey, byFilter]) =>
    [...byFilter].map(([filter, state]) => ({
      diskKey,
      filter,
      state: Buffer.from(state).toString('base64'),
    })),
  );
}

export function decodeFilterStates(encoded: HandoverState['filterStates']): FilterStates {
  const states = new Map<number, Map<string, Uint8Array>>();
  for (const { diskKey, filter, state } of encoded) {
    const byFilter = states.get(diskKey) ?? new Map<string, Uint8Array>();
    byFilter.set(filter, Buffer.from(state, 'base64'));
    states.set(diskKey, byFilter);
  }
  return states;
}

export function encodeConnection(fd: number, packed: PackedConnection): ConnectionState {
  return { ...packed, fd, input: packed.input.toString('base64') };
}

export function decodeConnection({ fd: _, ...state }: ConnectionState): PackedConnection {
  return { ...state, input: Buffer.from(state.input, 'base64') };
}
