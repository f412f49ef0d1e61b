// What is wrong with a VM's process, told from what its host says of it: a filter that brought it
// down, or a datastore without space for which its writes wait.
import type { VmSummary } from '#lib/wire/api/inventory.ts';

type World = Pick<VmSummary, 'worldState' | 'worldMessage' | 'powerState'>;

/** Its writes wait until there is space on its datastore; nothing is lost. */
export function isOutOfSpace({ worldState, worldMessage, powerState }: World): boolean {
  if (powerState !== 'poweredOn' || worldState === 'faulted') return false;
  return /\bno (?:disk )?space\b|\bis full\b/i.test(worldMessage);
}

/** Its process has ended by itself, and its disks are not served until it is started again. */
export function isFaulted({ worldState }: Pick<World, 'worldState'>): boolean {
  return worldState === 'faulted';
}

/** The filter and the operation of a fault, as far as the host's message names them. */
export interface FilterBlame {
  filter: string;
  operation: string | null;
}

/** Null where the message names no filter. */
export function filterBlame(message: string): FilterBlame | null {
  const filter = /\bfilter “?([a-z][a-z0-9-]*)/.exec(message)?.[1];
  if (!filter) return null;
  const how = /\b(?:looped in|failed in|failed an?|threw in an?|cannot|could not) ([a-z]+)/i;
  return { filter, operation: how.exec(message)?.[1] ?? null };
}
