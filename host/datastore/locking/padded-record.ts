// A small record as text of a length that does not change with the numbers in it, so that it can be
// written over in place: that needs no space on a full datastore, and no other call than the write.

/** Room for the longest names of host and VM, in bytes. */
const RECORD_BYTES = 1024;
/** For longer ones, which nobody gives. */
const STEP_BYTES = 512;

/** JSON, then blanks, then a line feed. */
export function paddedRecord(record: object): string {
  const json = JSON.stringify(record);
  const bytes = Buffer.byteLength(json) + 1;
  const length = Math.max(RECORD_BYTES, Math.ceil(bytes / STEP_BYTES) * STEP_BYTES);
  return `${json}${' '.repeat(length - bytes)}\n`;
}
