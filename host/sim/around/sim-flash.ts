// The virtual flash resource of a simulated host as one of its processes sees it: it may fail, and
// what a dead process had begun to write to it is not written.
import type { FlashFile, HostFlash } from '#lib/filter-sdk/host-flash.ts';
import type { SimProcess } from '../machine.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { type SimFile, systemError } from '../volume.ts';
import { CAPACITY_BYTES, type SimFlash } from './flash-store.ts';

const SYNC_MS_MAX = 2;

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
    if (!this.process.alive || this.fails()) throw systemError('EIO', 'the flash failed');
  }

  fails(): boolean {
    const { errors } = this.#flash;
    return errors > 0 && this.random.chance(errors);
  }

  #open(id: string): FlashFile {
    const found = this.#flash.files.get(id);
    if (found) return new ProcessFlashFile(this, id, found.file);
    throw systemError('ENOENT', 'the file is not there');
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
        const answer = fails
          ? () => reject(systemError('EIO', 'the flash failed'))
          : () => resolve();
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
    throw systemError('EINVAL', `${position} + ${length} is not within the file`);
  }
}
