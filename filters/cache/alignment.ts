// Finds how the guest aligns its I/O: a partition that begins at sector 63 shifts every page of the
// guest by seven sectors, and blocks that begin with them hold whole pages instead of halves.
import { BLOCK_BYTES, SECTOR_BYTES, SECTORS } from './sectors.ts';

/** I/Os that are looked at before it decides, once. */
const LOOKS = 512;

export class Alignment {
  readonly #starts = new Uint32Array(SECTORS);
  #looks = 0;
  /** Bytes from the begin of block 0 to that of the disk. */
  shift = 0;

  /** True once, when it has decided for another alignment than the disk's own. */
  note(offset: number): boolean {
    if (this.#looks >= LOOKS) return false;
    this.#looks += 1;
    const phase = Math.floor((offset % BLOCK_BYTES) / SECTOR_BYTES);
    this.#starts[phase] = (this.#starts[phase] ?? 0) + 1;
    if (this.#looks < LOOKS) return false;
    const most = Math.max(...this.#starts);
    const usual = this.#starts.indexOf(most);
    if (usual === 0 || most <= LOOKS / 2) return false;
    this.shift = (SECTORS - usual) * SECTOR_BYTES;
    return true;
  }
}
