// Whether copies of a VM's disks end together. Each disk's filter sets a mark of its own when the
// VM is powered off, and what lies between those marks belongs to one state of the VM.

/** Marks of one power-off are closer together, in microseconds. */
const ONE_POWER_OFF_US = 30_000_000;

interface End {
  /** Its last record is the mark of a power-off. */
  closed: boolean;
  /** Microseconds since the Unix epoch; null for a copy without any record. */
  newestUs: number | null;
}

/**
 * True where all were closed by one power-off: a target that was away at the last one still has the
 * mark of the one before, which is another state.
 */
export function endTogether(copies: readonly End[]): boolean {
  const ends = copies.flatMap(({ closed, newestUs }) => (closed ? (newestUs ?? []) : []));
  if (ends.length === 0 || ends.length < copies.length) return false;
  return Math.max(...ends) - Math.min(...ends) <= ONE_POWER_OFF_US;
}
