// Makes a redo log durable, in the order that lets it open after a power failure at any moment:
// data, then the tables that name them, then the directory that names new tables. A table in the
// file thus never names a sector whose data could be missing. Flushes that arrive while a commit
// runs share the next one.
import type { CowdHeader } from '#lib/formats/vmdk/cowd.ts';
import { formatCowdHeader, writeSectorNumbers } from '#lib/formats/vmdk/cowd.ts';
import { SECTOR_BYTES } from '#lib/model/limits.ts';
import type { Done, ExtentFile } from '../extent-file.ts';
import type { GrainSpace } from './grain-space.ts';
import type { GrainTable, GrainTables } from './grain-tables.ts';

const ENTRIES_PER_SECTOR = SECTOR_BYTES / 4;

interface SectorWrite {
  bytes: Buffer;
  position: number;
}

/** What a commit has taken out of the tables, to be marked again when it fails. */
interface Taken {
  tables: { table: GrainTable; dirty: number }[];
  tableWrites: SectorWrite[];
  directorySectors: number[];
  directoryWrites: SectorWrite[];
}

export interface CommitParts {
  file: ExtentFile;
  header: CowdHeader;
  tables: GrainTables;
  space: GrainSpace;
}

export class TableCommit {
  readonly #parts: CommitParts;
  #running = false;
  #waiting: Done[] = [];
  #whenIdle: (() => void)[] = [];

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Resolves when no commit runs. */
  idle(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
    });
  }

  /** Makes everything that was written durable. */
  commit(done: Done): void {
    this.#waiting.push(done);
    if (!this.#running) this.#start();
  }

  #start(): void {
    const group = this.#waiting;
    this.#waiting = [];
    this.#running = true;
    const { file } = this.#parts;
    // What is taken is written already, so that the sync that follows makes it durable.
    const taken = this.#take();
    const end = (error: number): void => {
      this.#release(taken, error);
      this.#running = false;
      if (this.#waiting.length > 0) this.#start();
      for (const done of group) done(error);
      if (!this.#running) for (const resolve of this.#whenIdle.splice(0)) resolve();
    };
    const sync = (done: Done): void => file.sync(done);
    const steps = [sync];
    for (const writes of [taken.tableWrites, taken.directoryWrites]) {
      if (writes.length > 0) steps.push((done) => this.#write(writes, done), sync);
    }
    runSteps(steps, end);
  }

  #take(): Taken {
    const { tables } = this.#parts;
    const taken: Taken = {
      tables: [],
      tableWrites: [],
      directorySectors: [...tables.dirtyDirectory],
      directoryWrites: [],
    };
    for (const table of tables.dirty) {
      taken.tables.push({ table, dirty: table.dirty });
      const sector = tables.directory[table.index] ?? 0;
      for (const [from, to] of dirtyRuns(table.dirty)) {
        taken.tableWrites.push(copySectors(table.entries, from, to, sector + from));
      }
      table.dirty = 0;
      table.pins += 1;
    }
    tables.dirty.clear();
    tables.dirtyDirectory.clear();
    const { directorySector } = this.#parts.header;
    for (const at of taken.directorySectors) {
      const write = copySectors(tables.directory, at, at + 1, directorySector + at);
      taken.directoryWrites.push(write);
    }
    if (taken.directoryWrites.length > 0) taken.directoryWrites.push(this.#headerWrite());
    return taken;
  }

  #headerWrite(): SectorWrite {
    const { header, space } = this.#parts;
    const bytes = formatCowdHeader({ ...header, freeSector: space.end });
    return { bytes: Buffer.from(bytes), position: 0 };
  }

  #release(taken: Taken, error: number): void {
    const { tables } = this.#parts;
    for (const { table, dirty } of taken.tables) {
      table.pins -= 1;
      if (error === 0) continue;
      table.dirty |= dirty;
      tables.dirty.add(table);
    }
    if (error === 0) return;
    for (const sector of taken.directorySectors) tables.dirtyDirectory.add(sector);
  }

  /** One write after the other, in other threads. */
  #write(writes: readonly SectorWrite[], done: Done): void {
    const { file } = this.#parts;
    const steps = writes.map(({ bytes, position }) => (next: Done) => {
      file.writeLater({ buffer: bytes, start: 0, length: bytes.length, position }, next);
    });
    runSteps(steps, done);
  }
}

function runSteps(steps: readonly ((done: Done) => void)[], done: Done): void {
  let next = 0;
  const step: Done = (error) => {
    const work = steps[next];
    next += 1;
    if (error !== 0 || work === undefined) return done(error);
    work(step);
  };
  step(0);
}

/** The runs of set bits, as [first, one after the last]. */
function dirtyRuns(mask: number): [number, number][] {
  const runs: [number, number][] = [];
  for (let at = 0; at < 32; at++) {
    if ((mask & (1 << at)) === 0) continue;
    const last = runs.at(-1);
    if (last?.[1] === at) last[1] = at + 1;
    else runs.push([at, at + 1]);
  }
  return runs;
}

function copySectors(
  numbers: Uint32Array,
  from: number,
  to: number,
  fileSector: number,
): SectorWrite {
  const bytes = Buffer.alloc((to - from) * SECTOR_BYTES);
  writeSectorNumbers(numbers, from * ENTRIES_PER_SECTOR, to * ENTRIES_PER_SECTOR, bytes);
  return { bytes, position: fileSector * SECTOR_BYTES };
}
