// The virtual flash resource of a simulated host: its files are there again after the end of a
// process, lose what was not synchronized when the host's machine goes down, and may fail.
import type { FlashFile, HostFlash } from '#lib/filter-sdk/host-flash.ts';
import type { SimProcess } from '../machine.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { SimFile } from '../volume.ts';

/** Two logs of the size that simulated disks have, and not a third. */
const CAPACITY_BYTES = 640 * 1024;
const SYNC_MS_MAX = 2;

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
    if (used + sizeBytes > CAPACITY_BYTES) throw new Error('ENOSPC: the flash is full');
    this.#made += 1;
    const id = `log-${this.#made}`;
    const file = new SimFile();
    file.resize(sizeBytes);
    file.sync();
    this.files.set(id, { label, file });
    return id;
  }
}

/** A host's flash as one of its processes sees it. */
export class ProcessFlash implements HostFlash {
  readonly host: { id: string; name: string };
  readonly capacityBytes = CAPACITY_BYTES;
  readonly process: SimProcess;
  readonly random: SeededRandom;
  readonly #flash: SimFlash;

  constructor(process: SimProcess, random: SeededRandom) {
    const { name } = process.host;
    this.host = { id: name, name };
    this.process = process;
    this.random = random;
    this.#flash = process.host.flash;
  }

  make(label: string, sizeBytes: number): FlashFile {
    this.check();
    return this.#open(this.#flash.add(label, sizeBytes));
  }

  find(id: string): FlashFile | null {
    this.check();
    return this.#flash.files.has(id) ? this.#open(id) : null;
  }

  sweep(label: string, keepId: string | null): void {
    this.check();
    for (const [id, each] of this.#flash.files) {
      if (each.label === label && id !== keepId) this.remove(id);
    }
  }

  remove(id: string): void {
    this.#flash.files.delete(id);
  }

  /** Throws when the flash fails, or the process is dead. */
  check(): void {
    if (!this.process.alive || this.fails()) throw new Error('EIO: the flash failed');
  }

  fails(): boolean {
    const { errors } = this.#flash;
    return errors > 0 && this.random.chance(errors);
  }

  #open(id: string): FlashFile {
    const found = this.#flash.files.get(id);
    if (found) return new ProcessFlashFile(this, id, found.file);
    throw new Error('ENOENT: the file is not there');
  }
}

class ProcessFlashFile implements FlashFile {
  readonly id: string;
  readonly sizeBytes: number;
  readonly #flash: ProcessFlash;
  readonly #file: SimFile;

  constructor(flash: ProcessFlash, id: string, file: SimFile) {
    this.id = id;
    this.sizeBytes = file.size;
    this.#flash = flash;
    this.#file = file;
  }

  read(position: number, target: Uint8Array): void {
    this.#flash.check();
    this.#requireWithin(position, target.length);
    target.set(this.#file.bytes.subarray(position, position + target.length));
  }

  write(position: number, data: Uint8Array): void {
    this.#flash.check();
    this.#requireWithin(position, data.length);
    this.#file.write(position, data);
  }

  /** What is written while it is under way may become durable with it, or not. */
  sync(): Promise<void> {
    const { process, random } = this.#flash;
    return new Promise((resolve, reject) => {
      if (!process.alive) return;
      const leave = process.enterKernel();
      const landsEarly = random.chance(0.5);
      if (landsEarly) this.#file.sync();
      const land = (): void => {
        leave();
        if (process.crashed) return;
        const fails = this.#flash.fails();
        if (fails) this.#file.poison();
        else if (!landsEarly) this.#file.sync();
        const answer = fails ? () => reject(new Error('EIO: the flash failed')) : () => resolve();
        process.run(process.localNow, answer);
      };
      process.host.schedule.at(process.localNow + random.between(0, SYNC_MS_MAX), land);
    });
  }

  close(): void {
    // Nothing is kept for an open file.
  }

  remove(): void {
    this.#flash.check();
    this.#flash.remove(this.id);
  }

  #requireWithin(position: number, length: number): void {
    if (position >= 0 && position + length <= this.sizeBytes) return;
    throw new Error(`EINVAL: ${position} + ${length} is not within the file`);
  }
}
