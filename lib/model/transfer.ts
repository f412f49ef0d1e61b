// How far a copy of bytes is: of a disk, a redo log, a download.
import { z } from 'zod';

export const transferSchema = z.object({
  doneBytes: z.number().nonnegative(),
  totalBytes: z.number().nonnegative(),
});
export type Transfer = z.infer<typeof transferSchema>;

/** With its speed over the last seconds; null until it is known. */
export const measuredTransferSchema = transferSchema.extend({
  bytesPerSecond: z.number().nonnegative().nullable(),
});
export type MeasuredTransfer = z.infer<typeof measuredTransferSchema>;

/** Weight of the newest interval against those before it. */
const NEWEST = 0.3;

/** Measures one copy after the other. */
export class TransferMeter {
  #last: { at: number; doneBytes: number; totalBytes: number } | null = null;
  #bytesPerSecond: number | null = null;

  /** `at` is monotonic, in milliseconds. One that has less behind it than before is another one. */
  measure(at: number, { doneBytes, totalBytes }: Transfer): MeasuredTransfer {
    const last = this.#last;
    const isNew = last === null || doneBytes < last.doneBytes || totalBytes !== last.totalBytes;
    if (isNew) this.#bytesPerSecond = null;
    else if (at > last.at) {
      const now = ((doneBytes - last.doneBytes) * 1000) / (at - last.at);
      const before = this.#bytesPerSecond ?? now;
      this.#bytesPerSecond = before + NEWEST * (now - before);
    }
    this.#last = { at, doneBytes, totalBytes };
    return { doneBytes, totalBytes, bytesPerSecond: this.#bytesPerSecond };
  }
}
