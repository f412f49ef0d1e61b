// The flash of a simulated host: its files are there again after a process ends, and lose what was
// not synchronized when the host's machine goes down.
import type { SeededRandom } from '../seeded-random.ts';
import { SimFile, systemError } from '../volume.ts';

/** Two logs of the size that simulated disks have, and not a third. */
export const CAPACITY_BYTES = 640 * 1024;

export class SimFlash {
  /** Share of the calls that fail with EIO. */
  errors = 0;
  readonly files = new Map<string, { label: string; file: SimFile }>();
  #made = 0;

  /** The host's machine went down. */
  losePower(random: SeededRandom, kept: number): void {
    for (const { file } of this.files.values()) file.losePower(random, kept);
  }

  add(label: string, sizeBytes: number): string {
    const used = [...this.files.values()].reduce((sum, { file }) => sum + file.size, 0);
    if (used + sizeBytes > CAPACITY_BYTES) throw systemError('ENOSPC', 'the flash is full');
    this.#made += 1;
    const id = `log-${this.#made}`;
    const file = new SimFile();
    file.resize(sizeBytes);
    file.sync();
    this.files.set(id, { label, file });
    return id;
  }
}
