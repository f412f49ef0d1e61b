// Which changes of the disk go into the log, and which past it.
import type { DiskIo } from '#lib/filter-sdk/filter.ts';
import { SECTOR_BYTES } from '../sectors.ts';
import { DATA_BYTES_MAX } from './log-format.ts';

/** Writes, and zeroes that are logged like a write of them; what is long goes past the log. */
export function isLoggable({ operation, offset, length }: DiskIo): boolean {
  const whole = offset % SECTOR_BYTES === 0 && length % SECTOR_BYTES === 0;
  return operation !== 'trim' && whole && length <= DATA_BYTES_MAX;
}
