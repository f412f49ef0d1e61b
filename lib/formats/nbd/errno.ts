// Error numbers on the NBD wire. They are Linux's, and only these few may be sent.

export const NBD_ERRORS = {
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
} as const;
export type NbdErrorName = keyof typeof NBD_ERRORS;
export type NbdErrorNumber = (typeof NBD_ERRORS)[NbdErrorName];

const BY_CODE: ReadonlyMap<string, NbdErrorNumber> = new Map<string, NbdErrorNumber>([
  ...Object.entries(NBD_ERRORS),
  ['EDQUOT', NBD_ERRORS.ENOSPC],
  ['EFBIG', NBD_ERRORS.ENOSPC],
  ['EROFS', NBD_ERRORS.EPERM],
  ['EACCES', NBD_ERRORS.EPERM],
  ['EOPNOTSUPP', NBD_ERRORS.ENOTSUP],
]);
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(NBD_ERRORS).map(([name, value]) => [value, name]),
);

/**
 * The number to send for a system error's code such as ENOSPC; EIO for whatever else went wrong.
 */
export function errnoOfCode(code: string | undefined): NbdErrorNumber {
  return BY_CODE.get(code ?? '') ?? NBD_ERRORS.EIO;
}

/** EIO for 5, and so on; `errno 7` for a number that the protocol does not know. */
export function errnoName(error: number): string {
  return NAMES.get(error) ?? `errno ${error}`;
}
