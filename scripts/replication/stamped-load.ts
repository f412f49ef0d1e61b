// A guest whose every write can be told on the disk: sectors carry the number of the write that
// wrote them last. From an image it can be seen whether it is a moment of the disk: everything that
// was answered before the newest write in it was begun must be there.
import { TestClient } from '#host/nbd/test-client.ts';
import type { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';

const SECTOR = 512;
/** Of one write, in sectors. */
const LENGTH_MAX = 64;
/** Of this many writes one writes zeroes. */
const ZEROES_IN = 8;
const DEPTH = 8;

export interface StampedLoadOptions {
  socketPath: string;
  exportName: string;
  bytes: number;
  random: XorShift;
}

/** What wrote a sector, in order: numbers of writes, negative ones for zeroes. */
type History = number[];

export class StampedLoad {
  readonly #options: StampedLoadOptions;
  readonly #history: History[];
  #next = 1;
  /** Writes up to this one were answered. */
  answered = 0;

  constructor(options: StampedLoadOptions) {
    this.#options = options;
    this.#history = Array.from({ length: options.bytes / SECTOR }, () => []);
  }

  /** Writes until it is told to stop, or the connection ends; with so many at most. */
  async run(isOver: () => boolean, most = Number.MAX_SAFE_INTEGER): Promise<void> {
    const { socketPath: path, exportName } = this.#options;
    const client = await TestClient.connect({ path }, { exportName });
    try {
      for (let done = 0; done < most && !isOver(); done += DEPTH) {
        // All of a round are answered before the next is begun.
        const round = Array.from({ length: DEPTH }, () => this.#write(client));
        const failed = (await Promise.all(round)).find(({ error }) => error !== 0);
        if (failed) throw new Error(`a write failed with ${failed.error}`);
        this.answered = this.#next - 1;
      }
    } finally {
      client.close();
    }
  }

  /** What was under way when a world was killed may be there or not: the disk says which. */
  begin(image: Buffer): void {
    for (let sector = 0; sector < this.#history.length; sector++) {
      this.#history[sector] = [image.readUInt32LE(sector * SECTOR)];
    }
    this.answered = this.#next - 1;
  }

  /** The first thing that is wrong with an image as a moment of the disk; null for nothing. */
  whatIsWrong(image: Buffer): string | null {
    let newest = 0;
    for (let sector = 0; sector < this.#history.length; sector++) {
      const stamp = image.readUInt32LE(sector * SECTOR);
      if (image.readUInt32LE(sector * SECTOR + SECTOR - 4) !== stamp) {
        return `sector ${sector} is torn`;
      }
      newest = Math.max(newest, stamp);
    }
    // Rounds are one after the other: of those before that of the newest write nothing is missing.
    const certain = Math.floor((newest - 1) / DEPTH) * DEPTH;
    const possible = certain + 2 * DEPTH;
    for (let sector = 0; sector < this.#history.length; sector++) {
      const stamp = image.readUInt32LE(sector * SECTOR);
      const history = this.#history[sector] ?? [];
      const from = history.findLastIndex((each) => Math.abs(each) <= certain);
      const allowed = history.slice(Math.max(from, 0)).filter((each) => Math.abs(each) <= possible);
      const stamps = from < 0 ? [0, ...allowed] : allowed;
      if (stamps.some((each) => Math.max(each, 0) === stamp)) continue;
      return `sector ${sector} has write ${stamp} of ${stamps}, while write ${newest} is there`;
    }
    return null;
  }

  #write(client: TestClient): Promise<{ error: number }> {
    const { random } = this.#options;
    const number = this.#next;
    this.#next += 1;
    const sectors = this.#history.length;
    const count = 1 + Math.floor(random.next() * LENGTH_MAX);
    const first = Math.floor(random.next() * (sectors - count));
    const isZero = random.next() < 1 / ZEROES_IN;
    for (let sector = first; sector < first + count; sector++) {
      this.#history[sector]?.push(isZero ? -number : number);
    }
    const where = { offset: first * SECTOR, length: count * SECTOR };
    if (isZero) return client.request({ command: COMMANDS.writeZeroes, ...where });
    const data = new Uint8Array(new Uint32Array(where.length / 4).fill(number).buffer);
    return client.request({ command: COMMANDS.write, ...where, data });
  }
}
