// A disk on something larger: a device that has more than was mapped, or an object that had grown
// before its descriptor said so.
import type { Backing } from '../disk/backing.ts';

/** The backing with no more than so many bytes, which it must have. */
export function clipped(backing: Backing, sizeBytes: number): Backing {
  if (backing.sizeBytes <= sizeBytes) return backing;
  return {
    sizeBytes,
    submit: (io) => backing.submit(io),
    blockStatus: (offset, length) => backing.blockStatus(offset, length),
    flush: () => backing.flush(),
    close: () => backing.close(),
  };
}
