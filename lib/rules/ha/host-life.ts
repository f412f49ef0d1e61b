// Whether a host that does not answer is alive, by what the locks of its VMs' disks say. Each
// process of a VM beats every second on the datastore; another host of the cluster reads that.
// Pure: what was seen before comes in, what is known now goes out.
import { LOCK_BREAK_MS } from '../../model/limits.ts';

/** A host that is silent on both ways for less is not taken for failed: an agent restarts. */
const HA_CONFIRM_MS = 10_000;

/** What another host sees of one disk's lock. */
export interface SeenSign {
  /** Datastore and path. */
  disk: string;
  state: 'free' | 'dead' | 'held' | 'unreadable';
  hostUuid: string;
  sign: string;
}

/** All that was seen of a silent host. Times are monotonic, in milliseconds. */
export interface HostWatch {
  /** Since when it is looked at. */
  since: number;
  /** By disk: what its lock says, since when, and whether it said something else before. */
  signs: ReadonlyMap<string, { sign: string; since: number; hasBeaten: boolean }>;
  /** Disks that nobody could look at. */
  unreadable: readonly string[];
}

export type HostLife = 'undetermined' | 'alive' | 'dead';

/** Takes in a look at the disks of the host's VMs. Locks of other hosts say nothing of this one. */
export function watchHost(
  before: HostWatch | null,
  seen: readonly SeenSign[],
  { now, hostUuid }: { now: number; hostUuid: string },
): HostWatch {
  const signs = new Map<string, { sign: string; since: number; hasBeaten: boolean }>();
  for (const { disk, state, hostUuid: holder, sign } of seen) {
    // A record that cannot be read may be its own.
    if (state !== 'held' || (holder !== hostUuid && holder !== '')) continue;
    const known = before?.signs.get(disk);
    // The first look finds what stands there, which may be old.
    const fresh = { sign, since: now, hasBeaten: before !== null };
    signs.set(disk, known?.sign === sign ? known : fresh);
  }
  const unreadable = seen.filter(({ state }) => state === 'unreadable').map(({ disk }) => disk);
  return { since: before?.since ?? now, signs, unreadable };
}

/**
 * `dead`: no lock of it is held by a process that may live; what stands still for longer than any
 * lease is as good as dead, since its holder may not write any more.
 */
export function judgeHostLife({ since, signs, unreadable }: HostWatch, now: number): HostLife {
  const recent = [...signs.values()].filter((sign) => now - sign.since < LOCK_BREAK_MS);
  if (recent.some(({ hasBeaten }) => hasBeaten)) return 'alive';
  if (now - since < HA_CONFIRM_MS || unreadable.length > 0 || recent.length > 0) {
    return 'undetermined';
  }
  return 'dead';
}
