// A disk whose space is reserved: nothing gives it back, so zeroes are written and trims are not
// taken up.
import { TRIM, WRITE_ZEROES } from '../chain/chain-io.ts';
import type { Backing } from '../disk/backing.ts';

export function keepingSpace(backing: Backing): Backing {
  return {
    sizeBytes: backing.sizeBytes,
    submit(io) {
      // Advice; the data stay.
      if (io.code === TRIM) return 0;
      if (io.code === WRITE_ZEROES) io.noHole = true;
      return backing.submit(io);
    },
    blockStatus: (offset, length) => backing.blockStatus(offset, length),
    flush: () => backing.flush(),
    close: () => backing.close(),
  };
}
