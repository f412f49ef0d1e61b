// A set of regions of a disk, one bit each. A region is 64 KiB of a disk of up to 2 TiB, and more
// of a larger one, so that a map never takes more than 4 MiB.

const REGION_BYTES_MIN = 64 * 1024;
/** Regions of the largest map. */
const REGIONS_MAX = 2 ** 25;

const AREAS = 256;
const AREA_BYTES_MAX = 4 * 1024 * 1024;

/** In bytes; the end is behind it. */
export interface Range {
  offset: number;
  end: number;
}

/**
 * What is marked together with a range: areas of a 256th of the disk, of 64 KiB at least and 4 MiB
 * at most. Each costs one durable write, and is sent again as a whole after a crash.
 */
export function areaOf(offset: number, end: number, sizeBytes: number): Range {
  const share = 2 ** Math.floor(Math.log2(Math.max(sizeBytes / AREAS, 1)));
  const bytes = Math.min(Math.max(share, REGION_BYTES_MIN), AREA_BYTES_MAX);
  const area = Math.max(bytes, regionBytesFor(sizeBytes));
  const behind = Math.ceil(end / area) * area;
  return { offset: Math.floor(offset / area) * area, end: Math.min(behind, sizeBytes) };
}

export function regionBytesFor(sizeBytes: number): number {
  let bytes = REGION_BYTES_MIN;
  while (Math.ceil(sizeBytes / bytes) > REGIONS_MAX) bytes *= 2;
  return bytes;
}

export class RegionMap {
  readonly sizeBytes: number;
  readonly regionBytes: number;
  readonly words: Uint32Array;

  /** Empty. */
  constructor(sizeBytes: number, regionBytes = regionBytesFor(sizeBytes)) {
    this.sizeBytes = sizeBytes;
    this.regionBytes = regionBytes;
    this.words = new Uint32Array(Math.ceil(Math.ceil(sizeBytes / regionBytes) / 32));
  }

  get regions(): number {
    return Math.ceil(this.sizeBytes / this.regionBytes);
  }

  get isEmpty(): boolean {
    return this.words.every((word) => word === 0);
  }

  /** All regions in it, in bytes. */
  get bytes(): number {
    let bytes = 0;
    for (const { offset, end } of this.ranges()) bytes += end - offset;
    return bytes;
  }

  hasAll(offset: number, end: number): boolean {
    return !this.#some(offset, end, (word, mask) => (word & mask) !== mask);
  }

  hasAny(offset: number, end: number): boolean {
    return this.#some(offset, end, (word, mask) => (word & mask) !== 0);
  }

  add(offset: number, end: number): void {
    this.#some(offset, end, (word, mask, index) => {
      this.words[index] = word | mask;
      return false;
    });
  }

  /** Adds the range here, and to `news` what of it was not here before. */
  addAnew(offset: number, end: number, news: RegionMap): void {
    this.#some(offset, end, (word, mask, index) => {
      news.words[index] = (news.words[index] ?? 0) | (mask & ~word);
      this.words[index] = word | mask;
      return false;
    });
  }

  /** Every region that the range touches. */
  remove(offset: number, end: number): void {
    this.#some(offset, end, (word, mask, index) => {
      this.words[index] = word & ~mask;
      return false;
    });
  }

  clear(): void {
    this.words.fill(0);
  }

  addMap(other: RegionMap): void {
    for (const { offset, end } of other.ranges()) this.add(offset, Math.min(end, this.sizeBytes));
  }

  removeMap(other: RegionMap): void {
    for (const { offset, end } of other.ranges()) {
      if (offset < this.sizeBytes) this.remove(offset, Math.min(end, this.sizeBytes));
    }
  }

  copy(): RegionMap {
    const copy = new RegionMap(this.sizeBytes, this.regionBytes);
    copy.words.set(this.words);
    return copy;
  }

  /** The same regions of a disk of another size. */
  resized(sizeBytes: number): RegionMap {
    const other = new RegionMap(sizeBytes);
    other.addMap(this);
    return other;
  }

  /** Runs of regions that are in it, in order. */
  *ranges(): Generator<Range> {
    for (let at = 0; at < this.regions; ) {
      const first = this.#next(at, true);
      if (first === this.regions) return;
      const behind = this.#next(first, false);
      const end = Math.min(behind * this.regionBytes, this.sizeBytes);
      yield { offset: first * this.regionBytes, end };
      at = behind;
    }
  }

  /** The first run at a place or behind it, or else the first of all; null when it is empty. */
  firstFrom(place: number, bytesMax: number): Range | null {
    const from = Math.min(Math.floor(place / this.regionBytes), this.regions);
    let first = this.#next(from, true);
    if (first === this.regions) first = this.#next(0, true);
    if (first === this.regions) return null;
    const offset = first * this.regionBytes;
    const behind = this.#next(first, false) * this.regionBytes;
    return { offset, end: Math.min(behind, this.sizeBytes, offset + bytesMax) };
  }

  /** The first region from `at` on that is, or is not, in it; the number of regions for none. */
  #next(at: number, wanted: boolean): number {
    const { regions } = this;
    const skipped = wanted ? 0 : 0xffff_ffff;
    for (let region = at; region < regions; ) {
      const word = this.words[region >>> 5] ?? 0;
      if ((region & 31) === 0 && word === skipped) {
        region += 32;
        continue;
      }
      if (((word >>> (region & 31)) & 1) === (wanted ? 1 : 0)) return region;
      region += 1;
    }
    return regions;
  }

  /** Word by word over a range, until one says so. */
  #some(
    offset: number,
    end: number,
    test: (word: number, mask: number, index: number) => boolean,
  ): boolean {
    const first = Math.floor(offset / this.regionBytes);
    const last = Math.floor((end - 1) / this.regionBytes);
    for (let index = first >>> 5; index <= last >>> 5; index++) {
      const low = index === first >>> 5 ? first & 31 : 0;
      const high = index === last >>> 5 ? last & 31 : 31;
      const mask = ((0xffff_ffff >>> (31 - high)) & (0xffff_ffff << low)) | 0;
      if (test((this.words[index] ?? 0) | 0, mask, index)) return true;
    }
    return false;
  }
}
