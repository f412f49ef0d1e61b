// What the NBD server needs of a disk that it exports.
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import type { ChainIo } from '../chain/chain-io.ts';
import type { DiskMeter } from '../chain/disk-meter.ts';

export interface NbdExport {
  readonly diskKey: number;
  /** The name that clients ask for: `scsi0:0`. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly meter: DiskMeter;
  /**
   * Whether I/O may be done now; asked before each batch. When not, all I/O fails with ESHUTDOWN.
   */
  isServing(): boolean;
  /** As Chain.submit. */
  submit(io: ChainIo): boolean;
  /** As FlatDisk.blockStatus. */
  blockStatus(offset: number, length: number): Promise<StatusExtent[] | number>;
}

/** The exports of one server, first disk first. */
export class ExportTable {
  #exports: readonly NbdExport[];

  readonly #unlisted: boolean;

  /** `unlisted`: a client must know the name, which then is its right to the export. */
  constructor(exports: readonly NbdExport[], unlisted = false) {
    this.#exports = exports;
    this.#unlisted = unlisted;
  }

  /** What a client may learn of without a name. */
  get listed(): readonly NbdExport[] {
    return this.#unlisted ? [] : this.#exports;
  }

  get exports(): readonly NbdExport[] {
    return this.#exports;
  }

  add(target: NbdExport): void {
    this.#exports = [...this.#exports, target];
  }

  remove(target: NbdExport): void {
    this.#exports = this.#exports.filter((each) => each !== target);
  }

  /** The export of that name; the empty name is the first disk. Null when there is none. */
  find(name: string): NbdExport | null {
    if (name === '') return this.listed[0] ?? null;
    return this.exports.find((each) => each.name === name) ?? null;
  }

  byKey(diskKey: number | null): NbdExport | null {
    return this.exports.find((each) => each.diskKey === diskKey) ?? null;
  }
}
