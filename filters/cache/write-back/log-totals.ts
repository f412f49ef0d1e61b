// What went through the write-back logs of one disk, since it was opened.

export class LogTotals {
  putBytes = 0;
  /** Of those, what replaced data that had not gone down yet. */
  replacedBytes = 0;
  destagedBytes = 0;
}
