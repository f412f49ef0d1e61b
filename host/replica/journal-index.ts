// What a journal knows in memory: for each record where it stands, in columns of numbers, and for
// each region of the disk which records touch it. It grows at one end and is cut at the other, and
// it answers what the disk was at any record between, without a table for each moment.
import { assert } from '#lib/base/assert.ts';
import type { RecordHeader } from '#lib/filter-sdk/replication-record.ts';

/** Records are found by the regions of so many bytes that they touch. */
const REGION_BYTES = 256 * 1024;
/** A record over more regions than this stands in a list of its own. */
const WIDE_REGIONS = 1024;
const FIRST_COLUMN = 256;

/** Where the bytes of a range come from. */
export interface Piece {
  offset: number;
  length: number;
  /** `record`: from byte `skip` of the data of that record on. */
  source: { from: 'base' } | { from: 'zeroes' } | { from: 'record'; record: number; skip: number };
}

/** The records of one segment. */
interface Columns {
  segment: number;
  /** The number of the first record; it counts from the journal's opening. */
  first: number;
  count: number;
  sequence: Float64Array;
  timeUs: Float64Array;
  offset: Float64Array;
  length: Float64Array;
  /** Where the record begins in its file, in bytes. */
  position: Float64Array;
  isWrite: Uint8Array;
}

export interface RecordPlace {
  segment: number;
  position: number;
  sequence: number;
  timeUs: number;
  length: number;
}

export class JournalIndex {
  #segments: Columns[] = [];
  readonly #regions = new Map<number, number[]>();
  #wide: number[] = [];
  #next = 0;
  #lastTimeUs = 0;

  /** Of all records, those without data too. */
  get records(): number {
    return this.#next - (this.#segments[0]?.first ?? this.#next);
  }

  /** The oldest record; null for none. */
  get first(): RecordPlace | null {
    const [segment] = this.#segments;
    return segment === undefined || segment.count === 0 ? null : this.place(segment.first);
  }

  /** Calls `visit` for each write from one time to before another. */
  eachWrite(fromUs: number, toUs: number, visit: (timeUs: number, bytes: number) => void): void {
    for (const { count, timeUs, length, isWrite } of this.#segments) {
      if (count === 0 || value(timeUs, 0) >= toUs || value(timeUs, count - 1) < fromUs) continue;
      for (let at = 0; at < count; at++) {
        const when = value(timeUs, at);
        const isInside = when >= fromUs && when < toUs;
        if (isInside && isWrite[at] === 1) visit(when, value(length, at));
      }
    }
  }

  /** Records are added in the order of their sequences; times never step back in here. */
  add(header: RecordHeader, segment: number, position: number): void {
    const columns = this.#columnsFor(segment);
    const at = columns.count;
    this.#lastTimeUs = Math.max(this.#lastTimeUs, header.timeUs);
    columns.sequence[at] = header.sequence;
    columns.timeUs[at] = this.#lastTimeUs;
    columns.offset[at] = header.offset;
    columns.length[at] = header.length;
    columns.position[at] = position;
    columns.isWrite[at] = header.kind === 'write' ? 1 : 0;
    columns.count += 1;
    const record = this.#next;
    this.#next += 1;
    if (!hasRange(header) || header.length === 0) return;
    const [from, to] = regionsOf(header.offset, header.length);
    if (to - from >= WIDE_REGIONS) {
      this.#wide.push(record);
      return;
    }
    for (let region = from; region <= to; region++) {
      const list = this.#regions.get(region);
      if (list === undefined) this.#regions.set(region, [record]);
      else list.push(record);
    }
  }

  /** Forgets the oldest segment. */
  dropFirst(): void {
    const gone = this.#segments.shift();
    if (gone === undefined) return;
    const first = gone.first + gone.count;
    this.#wide = this.#wide.filter((record) => record >= first);
    const touched = new Set<number>();
    for (let at = 0; at < gone.count; at++) {
      const [from, to] = regionsOf(value(gone.offset, at), value(gone.length, at));
      if (to - from >= WIDE_REGIONS) continue;
      for (let region = from; region <= to; region++) touched.add(region);
    }
    for (const region of touched) this.#trim(region, first);
  }

  /**
   * What a range of the disk was when the record with that sequence, or the last before it, had
   * happened: pieces that cover the range, in order.
   */
  resolve(sequence: number, offset: number, length: number): Piece[] {
    const pieces: Piece[] = [];
    const end = this.#endOf(sequence);
    const [from, to] = regionsOf(offset, length);
    for (let region = from; region <= to; region++) {
      const start = Math.max(offset, region * REGION_BYTES);
      const stop = Math.min(offset + length, (region + 1) * REGION_BYTES);
      this.#resolveRegion(region, end, { start, stop, pieces });
    }
    return pieces.sort((one, other) => one.offset - other.offset);
  }

  /** Where a record stands. */
  place(record: number): RecordPlace {
    const columns = this.#segmentOf(record);
    const at = record - columns.first;
    return {
      segment: columns.segment,
      position: value(columns.position, at),
      sequence: value(columns.sequence, at),
      timeUs: value(columns.timeUs, at),
      length: value(columns.length, at),
    };
  }

  /** The last record at or before a time; null when all are later. */
  lastAt(timeUs: number): RecordPlace | null {
    const end = this.#countUntil((columns, at) => value(columns.timeUs, at) <= timeUs);
    return end === null ? null : this.place(end - 1);
  }

  /** The last record with this sequence or a lower one; null when all are higher. */
  lastBySequence(sequence: number): RecordPlace | null {
    const first = this.#segments[0]?.first ?? 0;
    const end = this.#endOf(sequence);
    return end <= first ? null : this.place(end - 1);
  }

  #resolveRegion(
    region: number,
    end: number,
    { start, stop, pieces }: { start: number; stop: number; pieces: Piece[] },
  ): void {
    let gaps: [number, number][] = [[start, stop]];
    for (const record of newestFirst(this.#regions.get(region) ?? [], this.#wide, end)) {
      gaps = this.#cover(record, gaps, pieces);
      if (gaps.length === 0) return;
    }
    for (const [from, to] of gaps) {
      pieces.push({ offset: from, length: to - from, source: { from: 'base' } });
    }
  }

  /** Takes from the gaps what the record has; returns what is left of them. */
  #cover(record: number, gaps: [number, number][], pieces: Piece[]): [number, number][] {
    const columns = this.#segmentOf(record);
    const at = record - columns.first;
    const begin = value(columns.offset, at);
    const end = begin + value(columns.length, at);
    if (!gaps.some(([from, to]) => from < end && to > begin)) return gaps;
    const left: [number, number][] = [];
    for (const [from, to] of gaps) {
      const start = Math.max(from, begin);
      const stop = Math.min(to, end);
      if (start >= stop) {
        left.push([from, to]);
        continue;
      }
      if (from < start) left.push([from, start]);
      if (stop < to) left.push([stop, to]);
      const source: Piece['source'] =
        columns.isWrite[at] === 1
          ? { from: 'record', record, skip: start - begin }
          : { from: 'zeroes' };
      pieces.push({ offset: start, length: stop - start, source });
    }
    return left;
  }

  /** The number behind the last record with this sequence or a lower one. */
  #endOf(sequence: number): number {
    const first = this.#segments[0]?.first ?? this.#next;
    return this.#countUntil((columns, at) => value(columns.sequence, at) <= sequence) ?? first;
  }

  /** The number behind the last record that fulfils what only the older ones do; null for none. */
  #countUntil(holds: (columns: Columns, at: number) => boolean): number | null {
    let found: number | null = null;
    for (let index = this.#segments.length - 1; index >= 0 && found === null; index--) {
      const columns = this.#segments[index];
      if (columns === undefined || columns.count === 0 || !holds(columns, 0)) continue;
      let [low, high] = [0, columns.count - 1];
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (holds(columns, middle)) low = middle;
        else high = middle - 1;
      }
      found = columns.first + low + 1;
    }
    return found;
  }

  #trim(region: number, first: number): void {
    const list = this.#regions.get(region);
    if (list === undefined) return;
    const keep = list.findIndex((record) => record >= first);
    if (keep === -1) this.#regions.delete(region);
    else if (keep > 0) this.#regions.set(region, list.slice(keep));
  }

  #segmentOf(record: number): Columns {
    let [low, high] = [0, this.#segments.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#segments[middle]?.first ?? 0) <= record) low = middle;
      else high = middle - 1;
    }
    const columns = this.#segments[low];
    assert(columns !== undefined && record >= columns.first, 'a record of the journal');
    return columns;
  }

  #columnsFor(segment: number): Columns {
    const last = this.#segments.at(-1);
    if (last?.segment === segment) {
      if (last.count === last.sequence.length) widen(last);
      return last;
    }
    const make = () => new Float64Array(FIRST_COLUMN);
    const columns: Columns = {
      ...{ segment, first: this.#next, count: 0, isWrite: new Uint8Array(FIRST_COLUMN) },
      ...{ sequence: make(), timeUs: make(), offset: make(), length: make(), position: make() },
    };
    this.#segments.push(columns);
    return columns;
  }
}

/** Two lists of record numbers as one, from the one before `end` down. */
function* newestFirst(
  one: readonly number[],
  other: readonly number[],
  end: number,
): Generator<number> {
  let left = countBelow(one, end) - 1;
  let right = countBelow(other, end) - 1;
  while (left >= 0 || right >= 0) {
    const takesLeft = (one[left] ?? -1) > (other[right] ?? -1);
    yield (takesLeft ? one[left--] : other[right--]) ?? -1;
  }
}

function countBelow(ascending: readonly number[], end: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < end) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hasRange({ kind }: RecordHeader): boolean {
  return kind === 'write' || kind === 'trim' || kind === 'writeZeroes';
}

/** The first and the last region of a range. */
function regionsOf(offset: number, length: number): [number, number] {
  const last = Math.max(offset, offset + length - 1);
  return [Math.floor(offset / REGION_BYTES), Math.floor(last / REGION_BYTES)];
}

function value(column: Float64Array, at: number): number {
  return column[at] ?? 0;
}

function widen(columns: Columns): void {
  const twice = (column: Float64Array) => {
    const wider = new Float64Array(column.length * 2);
    wider.set(column);
    return wider;
  };
  columns.sequence = twice(columns.sequence);
  columns.timeUs = twice(columns.timeUs);
  columns.offset = twice(columns.offset);
  columns.length = twice(columns.length);
  columns.position = twice(columns.position);
  const kinds = new Uint8Array(columns.isWrite.length * 2);
  kinds.set(columns.isWrite);
  columns.isWrite = kinds;
}
