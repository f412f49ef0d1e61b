// What each sector of a disk may hold, from the history of the I/O on it. Writes that are under way
// at the same time may end in any order, a failed one may have been done or not, a trim may be
// obeyed or not; and after a crash what was not flushed may be gone. All else must be exact.
import { fillSector, SECTOR_BYTES, sectorTag } from './sector-pattern.ts';

type Kind = 'write' | 'zero' | 'trim';

/** One I/O that changes the disk. Times are steps of the model's own count. */
export interface Change {
  /** What its sectors hold: 0 for zeroes. */
  readonly tag: number;
  readonly kind: Kind;
  readonly first: number;
  readonly end: number;
  readonly submitted: number;
  /** Infinite while it is under way. */
  ended: number;
  failed: boolean;
  readonly forced: boolean;
}

export interface SubmittedRead {
  readonly first: number;
  readonly end: number;
  readonly submitted: number;
}

export class DiskModel {
  readonly sectors: number;
  #now = 1;
  #tag = 0;
  /** By sector: what it may hold now. */
  readonly #seen: Change[][];
  /** By sector: what it may hold after a crash now. */
  readonly #durable: Change[][];
  #unflushed: Change[] = [];
  /** When the reads began that are under way. */
  readonly #reads = new Set<number>();
  readonly #pattern = new Uint8Array(SECTOR_BYTES);

  constructor(sectors: number) {
    this.sectors = sectors;
    const empty: Change = {
      ...{ tag: 0, kind: 'zero', first: 0, end: sectors, submitted: 0, ended: 0 },
      ...{ failed: false, forced: true },
    };
    this.#seen = Array.from({ length: sectors }, () => [empty]);
    this.#durable = Array.from({ length: sectors }, () => [empty]);
  }

  /** An I/O that changes the disk goes out. */
  begin(kind: Kind, range: { first: number; end: number }, forced = false): Change {
    if (kind === 'write') this.#tag += 1;
    const tag = kind === 'write' ? this.#tag : 0;
    const ended = Number.POSITIVE_INFINITY;
    const submitted = this.#step();
    const change: Change = { ...range, tag, kind, submitted, ended, failed: false, forced };
    for (let sector = change.first; sector < change.end; sector++) {
      this.#seen[sector]?.push(change);
      this.#durable[sector]?.push(change);
    }
    return change;
  }

  /** The data of a write. */
  dataOf({ tag, first, end }: Change): Buffer {
    const data = Buffer.alloc((end - first) * SECTOR_BYTES);
    for (let sector = first; sector < end; sector++)
      fillSector(data.subarray((sector - first) * SECTOR_BYTES), tag, sector);
    return data;
  }

  /** It was answered. */
  end(change: Change, failed = false): void {
    change.ended = this.#step();
    change.failed = failed;
    if (failed) return;
    this.#prune(change);
    if (change.forced) this.#makeDurable([change]);
    else this.#unflushed.push(change);
  }

  /** A flush goes out; hand what this returns to `flushed` when it has succeeded. */
  beginFlush(): Change[] {
    return [...this.#unflushed];
  }

  flushed(changes: readonly Change[]): void {
    const done = new Set(changes);
    this.#unflushed = this.#unflushed.filter((change) => !done.has(change));
    this.#makeDurable(changes);
  }

  beginRead(first: number, end: number): SubmittedRead {
    const submitted = this.#step();
    this.#reads.add(submitted);
    return { first, end, submitted };
  }

  /** A read that brought nothing. */
  endRead({ submitted }: SubmittedRead): void {
    this.#reads.delete(submitted);
  }

  /** What is wrong with what a read brought; null when nothing is. Learns from it. */
  judgeRead({ first, end, submitted }: SubmittedRead, data: Uint8Array): string | null {
    this.#reads.delete(submitted);
    for (let sector = first; sector < end; sector++) {
      const at = (sector - first) * SECTOR_BYTES;
      const wrong = this.#judgeSector(sector, data.subarray(at, at + SECTOR_BYTES), submitted);
      if (wrong !== null) return `sector ${sector} ${wrong}`;
    }
    return null;
  }

  /** The world was killed: what was under way is over, and what was not durable may be gone. */
  crash(): void {
    const now = this.#step();
    for (const [sector, changes] of this.#durable.entries()) {
      // None of them is later than the others now.
      const possible = changes.map((change) => ({ ...change, submitted: now, ended: now }));
      this.#durable[sector] = possible;
      this.#seen[sector] = [...possible];
    }
    this.#unflushed = [];
    this.#reads.clear();
  }

  /** What may be on the disk now, to go back to. No I/O may be under way. */
  remember(): () => void {
    const seen = this.#seen.map((changes) => [...changes]);
    return () => {
      const now = this.#step();
      for (const [sector, changes] of seen.entries()) {
        const only = changes.map((change) => ({ ...change, submitted: now, ended: now }));
        this.#seen[sector] = only;
        this.#durable[sector] = [...only];
      }
      this.#unflushed = [];
    };
  }

  #judgeSector(sector: number, bytes: Uint8Array, since: number): string | null {
    const seen = this.#seen[sector] ?? [];
    const tag = sectorTag(bytes);
    const found = seen.filter((change) => change.tag === tag && !isSuperseded(change, seen, since));
    if (found.length === 0) {
      const last = seen.findLast(({ ended }) => ended < since);
      return `holds ${wordFor(tag)}, which it may not hold any more; ${wordsFor(last)}`;
    }
    fillSector(this.#pattern, tag, sector);
    if (Buffer.compare(bytes, this.#pattern) !== 0) return `holds a broken copy of ${wordFor(tag)}`;
    // Nobody wrote meanwhile: this is what it holds, until somebody does.
    const quietSince = Math.min(since, this.#oldestRead());
    if (seen.length > 1 && seen.every(({ ended }) => ended < quietSince)) {
      this.#seen[sector] = found.slice(-1);
    }
    return null;
  }

  /** Forgets what no read can bring any more, not even one that began long ago. */
  #prune({ first, end }: Change): void {
    const oldest = Math.min(this.#now + 1, this.#oldestRead());
    for (let sector = first; sector < end; sector++) {
      const seen = this.#seen[sector];
      if (seen === undefined || seen.length < 2) continue;
      this.#seen[sector] = seen.filter((change) => !isSuperseded(change, seen, oldest));
    }
  }

  #oldestRead(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const submitted of this.#reads) oldest = Math.min(oldest, submitted);
    return oldest;
  }

  #makeDurable(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind !== 'trim') supersede(this.#durable, change);
    }
  }

  #step(): number {
    this.#now += 1;
    return this.#now;
  }
}

/** Something else was written after it had ended, and that had ended before the given time. */
function isSuperseded(change: Change, changes: readonly Change[], before: number): boolean {
  return changes.some(
    ({ kind, failed, submitted, ended }) =>
      kind !== 'trim' && !failed && ended < before && submitted > change.ended,
  );
}

/** Takes away what had ended before the change began. */
function supersede(lists: Change[][], change: Change): void {
  for (let sector = change.first; sector < change.end; sector++) {
    const list = lists[sector];
    if (list === undefined || list.length < 2) continue;
    lists[sector] = list.filter(({ ended }) => ended >= change.submitted);
  }
}

function wordFor(tag: number): string {
  return tag === 0 ? 'zeroes' : `the data of write ${tag}`;
}

function wordsFor(last: Change | undefined): string {
  if (!last) return 'nothing was written to it';
  const word = last.kind === 'trim' ? 'a trim' : wordFor(last.tag);
  return `the last that was answered was ${word}`;
}
