// The exports of an NBD server whose volumes come and go.
import type { NbdExport } from '../nbd/nbd-export.ts';

export interface ExportHolder {
  /** A key that no other export has. */
  nextKey(): number;
  add(target: NbdExport): void;
  remove(target: NbdExport): void;
}

export class ExportList implements ExportHolder {
  /** For the server, which looks at it with each client. */
  readonly all: NbdExport[] = [];
  #key = 0;

  nextKey(): number {
    this.#key += 1;
    return this.#key;
  }

  add(target: NbdExport): void {
    this.all.push(target);
  }

  remove(target: NbdExport): void {
    const at = this.all.indexOf(target);
    if (at >= 0) this.all.splice(at, 1);
  }
}
