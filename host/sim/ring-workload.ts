// A guest that keeps a ring of linked blocks, changes it by transactions of write and flush, and
// finds it a ring again whenever it comes back.
import { type GuestDisk, WrongAnswer } from './guest.ts';
import {
  decodeJournal,
  decodeNode,
  encodeJournal,
  encodeNode,
  JOURNAL_BYTES,
  judgeRing,
  type Links,
  NODE_BYTES,
  NODES,
  nodeOffset,
  swap,
} from './ring-layout.ts';
import type { SeededRandom } from './seeded-random.ts';

/** After a failed request, in milliseconds. */
const RETRY_MS = 40;

export interface RingParts {
  guest: GuestDisk;
  random: SeededRandom;
  /** Longest pause between two transactions, in milliseconds. */
  pauseMs: number;
  isOver(): boolean;
  /** What is to be remembered with the disk as it is now: whether it has the ring. */
  state(): { ringMade: boolean };
}

export class Ring {
  readonly #parts: RingParts;
  #next: number[] = [];
  #sequence = 0;
  transactions = 0;

  constructor(parts: RingParts) {
    this.#parts = parts;
  }

  /** Runs until it is over. Throws `WrongAnswer`. */
  async use(): Promise<void> {
    const { guest, random, pauseMs, isOver } = this.#parts;
    let sound = false;
    while (!isOver()) {
      // One that goes back to a snapshot may find itself before its beginning.
      if (!this.#parts.state().ringMade) sound = await this.#make(isOver);
      // It was over before there was a ring.
      if (isOver()) break;
      if (!sound) sound = await this.#recover();
      if (sound) sound = await this.#transact();
      await guest.schedule.sleep(sound ? random.between(0, pauseMs) : RETRY_MS);
    }
  }

  /** Throws `WrongAnswer` when it is no ring; waits until the disk answers. */
  async check(): Promise<void> {
    if (!this.#parts.state().ringMade) await this.#make(() => false);
    while (!(await this.#recover())) await this.#parts.guest.schedule.sleep(RETRY_MS);
  }

  /** Writes the first ring; until that has worked there is nothing to lose. */
  async #make(isOver: () => boolean): Promise<boolean> {
    const { guest } = this.#parts;
    while (!isOver()) {
      this.#next = Array.from({ length: NODES }, (_, node) => (node + 1) % NODES);
      const state = this.#parts.state();
      if (await this.#write(this.#next.map((next, node) => [node, next]))) {
        state.ringMade = true;
        return true;
      }
      await guest.schedule.sleep(RETRY_MS);
    }
    return false;
  }

  /** False when a request failed, and with it nobody knows how far the transaction came. */
  async #transact(): Promise<boolean> {
    const { guest, random } = this.#parts;
    const links = swap(this.#next, random.below(NODES));
    this.#sequence += 1;
    const journal = encodeJournal({ sequence: this.#sequence, links });
    if ((await guest.write(0, journal)) !== 0 || (await guest.flush()) !== 0) return false;
    if (!(await this.#write(links))) return false;
    for (const [node, next] of links) this.#next[node] = next;
    this.transactions += 1;
    return true;
  }

  /** Does the journal's transaction again, and reads the ring. */
  async #recover(): Promise<boolean> {
    const { guest } = this.#parts;
    const block = Buffer.alloc(JOURNAL_BYTES);
    if ((await guest.read(0, block)) !== 0) return false;
    const journal = decodeJournal(block);
    if (journal !== null) {
      // What was read may not be durable: it is written again first.
      if ((await guest.write(0, block)) !== 0 || (await guest.flush()) !== 0) return false;
      if (!(await this.#write(journal.links))) return false;
      this.#sequence = journal.sequence;
    }
    return this.#read();
  }

  async #read(): Promise<boolean> {
    const next: (number | null)[] = [];
    for (let node = 0; node < NODES; node++) {
      const block = Buffer.alloc(NODE_BYTES);
      if ((await this.#parts.guest.read(nodeOffset(node), block)) !== 0) return false;
      next.push(decodeNode(block));
    }
    const wrong = judgeRing(next);
    if (wrong !== null) throw new WrongAnswer(`ring: ${wrong}`);
    this.#next = next.filter((each) => each !== null);
    return true;
  }

  async #write(links: Links): Promise<boolean> {
    const { guest } = this.#parts;
    const written = await Promise.all(
      links.map(([node, next]) => guest.write(nodeOffset(node), encodeNode(next))),
    );
    return written.every((error) => error === 0) && (await guest.flush()) === 0;
  }
}
