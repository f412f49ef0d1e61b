// Whether a request may be: known command and flags, within the disk, whole sectors, within the
// limits.
import { COMMAND_FLAGS, COMMANDS } from '#lib/formats/nbd/constants.ts';
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import type { NbdRequest } from '#lib/formats/nbd/transmission.ts';
import { NBD_REQUEST_BYTES_MAX, SECTOR_BYTES } from '#lib/model/limits.ts';
import {
  FLUSH,
  type OperationCode,
  PREFETCH,
  READ,
  TRIM,
  WRITE,
  WRITE_ZEROES,
} from '../chain/chain-io.ts';

interface CommandRow {
  /** Number of the chain's operation; null for what the chain does not see. */
  code: OperationCode | null;
  flags: number;
}

const ROWS: readonly (CommandRow | undefined)[] = rows();

/** The chain's operation for a command; null when there is none. */
export function operationOf(command: number): OperationCode | null {
  return ROWS[command]?.code ?? null;
}

/** 0, or the error number that the client gets. */
export function judgeRequest(request: NbdRequest, sizeBytes: number): number {
  const { command, flags, offset, length } = request;
  const row = ROWS[command];
  if (row === undefined || (flags & ~row.flags) !== 0) return NBD_ERRORS.EINVAL;
  if (command === COMMANDS.flush) return offset === 0 && length === 0 ? 0 : NBD_ERRORS.EINVAL;
  if (length === 0) return NBD_ERRORS.EINVAL;
  if (command <= COMMANDS.write && length > NBD_REQUEST_BYTES_MAX) return NBD_ERRORS.EOVERFLOW;
  if (offset + length > sizeBytes) {
    const writes = command === COMMANDS.write || command === COMMANDS.writeZeroes;
    return writes ? NBD_ERRORS.ENOSPC : NBD_ERRORS.EINVAL;
  }
  if (offset % SECTOR_BYTES !== 0 || length % SECTOR_BYTES !== 0) return NBD_ERRORS.EINVAL;
  return 0;
}

function rows(): CommandRow[] {
  const { fua, noHole, fastZero, dontFragment, reqOne } = COMMAND_FLAGS;
  const table: CommandRow[] = [];
  // FUA is allowed on every command once it was offered; it says nothing where nothing is written.
  table[COMMANDS.read] = { code: READ, flags: fua | dontFragment };
  table[COMMANDS.write] = { code: WRITE, flags: fua };
  table[COMMANDS.flush] = { code: FLUSH, flags: fua };
  table[COMMANDS.trim] = { code: TRIM, flags: fua };
  table[COMMANDS.cache] = { code: PREFETCH, flags: fua };
  table[COMMANDS.writeZeroes] = { code: WRITE_ZEROES, flags: fua | noHole | fastZero };
  table[COMMANDS.blockStatus] = { code: null, flags: fua | reqOne };
  return table;
}
