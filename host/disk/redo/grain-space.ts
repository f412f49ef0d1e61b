// Which sectors of a redo log's file are free: everything behind the end, and runs that were taken
// and not used.
import { COWD_SECTORS_MAX } from '#lib/formats/vmdk/cowd.ts';

/** Runs of so many sectors begin at a page of the file, so that they are whole pages. */
const PAGE_SECTORS = 8;
/** Freed runs that are remembered; more than that is space lost. */
const FREE_RUNS_MAX = 1024;

interface Run {
  sector: number;
  count: number;
}

export class GrainSpace {
  #end: number;
  readonly #free: Run[] = [];

  /** From this sector on the file was never written. */
  constructor(end: number) {
    this.#end = end;
  }

  /** First sector behind all that was taken. */
  get end(): number {
    return this.#end;
  }

  /** The first of so many sectors in a row, or 0 when the log cannot become longer. */
  take(count: number): number {
    const index = this.#free.findIndex((run) => run.count >= count);
    const run = this.#free[index];
    if (run === undefined) return this.takeFresh(count);
    const { sector } = run;
    run.sector += count;
    run.count -= count;
    if (run.count === 0) this.#free.splice(index, 1);
    return sector;
  }

  /** As `take`, of sectors that were never written: they read as zeroes. */
  takeFresh(count: number): number {
    const gap = count % PAGE_SECTORS === 0 ? -this.#end & (PAGE_SECTORS - 1) : 0;
    const sector = this.#end + gap;
    if (sector + count > COWD_SECTORS_MAX) return 0;
    if (gap > 0) this.giveBack(this.#end, gap);
    this.#end = sector + count;
    return sector;
  }

  /** No table may name these sectors. */
  giveBack(sector: number, count: number): void {
    if (this.#free.length < FREE_RUNS_MAX) this.#free.push({ sector, count });
  }
}
