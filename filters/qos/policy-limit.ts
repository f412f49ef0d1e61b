// One limit that all disks of a policy share: each host's daemon divides it between its own disks
// and what the other hosts want, by the same rule, so that all parts together are the limit. Pure:
// time comes in as an argument.
import type { DiskAccount } from './disk-account.ts';
import { type Claim, divide } from './divide.ts';
import type { Demand, PartMessage } from './messages.ts';

/** A host that says nothing for so long is not heard any more, in milliseconds. */
const UNHEARD_MS = 3_000;
/** What one counts for that was never heard: one disk with normal shares. */
const UNKNOWN = { hungry: 1_000, calm: 0, calmUnits: 0, calmBytes: 0, disks: 1 };
/** A disk that the limit does not hold back may send so much more than it does now. */
const GROWTH = 1.25;
/** All disks that do nothing keep this share of the limit, to begin with. */
const IDLE_SHARE = 0.01;

interface Heard {
  demand: Demand;
  at: number;
}

export class PolicyLimit {
  readonly #group: string;
  readonly #disks = new Map<string, DiskAccount>();
  readonly #others = new Map<string, Heard>();

  constructor(group: string) {
    this.#group = group;
  }

  get isEmpty(): boolean {
    return this.#disks.size === 0;
  }

  add(diskId: string, account: DiskAccount): void {
    this.#disks.set(diskId, account);
  }

  remove(diskId: string): void {
    this.#disks.delete(diskId);
  }

  hear(hostId: string, demand: Demand, at: number): void {
    this.#others.set(hostId, { demand, at });
  }

  /** For the other hosts. */
  demand(now: number): Demand {
    const all = [...this.#disks.values()];
    const hungry = all.filter((disk) => disk.isHungry(now));
    const calm = all.filter((disk) => !hungry.includes(disk));
    return {
      group: this.#group,
      hungry: sum(hungry.map(({ settings }) => settings.shares)),
      calm: sum(calm.map(({ settings }) => settings.shares)),
      calmUnits: sum(calm.map(({ unitRate }) => unitRate)),
      calmBytes: sum(calm.map(({ byteRate }) => byteRate)),
      disks: all.length,
    };
  }

  /** The part of each disk; `others` are the hosts that may have disks of the policy. */
  parts(now: number, others: readonly string[]): Map<string, PartMessage> {
    const local = [...this.#disks];
    const remote = this.#remote(now, others);
    const shares = local.map(([, { settings }]) => settings.shares);
    const weights = sum([...shares, ...remote.map(({ hungry, calm }) => hungry + calm)]);
    const disks = local.length + sum(remote.map((demand) => demand.disks));
    const divided = (limitOf: LimitOf, rateOf: RateOf, calmOf: CalmOf) => {
      // Of disks that disagree while a changed policy reaches them, the lower one counts.
      const limits = local
        .map(([, { settings }]) => limitOf(settings))
        .filter((limit) => limit > 0);
      const limit = Math.min(...limits);
      if (limits.length === 0) return { parts: local.map(() => 0), alone: 0 };
      const idle = (limit * IDLE_SHARE) / disks;
      const own = local.map(([, disk]) =>
        claimOf(disk, Math.max(idle, rateOf(disk) * GROWTH), now),
      );
      const division = { limit, idle, weights, calmOf };
      const theirs = remote.flatMap((each) => claimsOf(each, division));
      const parts = wholeParts(limit, [...own, ...theirs]);
      return { parts: parts.slice(0, local.length), alone: limit / disks };
    };
    const iops = divided(
      ({ iopsLimit }) => iopsLimit,
      ({ unitRate }) => unitRate,
      ({ calmUnits }) => calmUnits,
    );
    const bytes = divided(
      ({ bytesLimit }) => bytesLimit,
      ({ byteRate }) => byteRate,
      ({ calmBytes }) => calmBytes,
    );
    return new Map(
      local.map(([diskId], index) => [
        diskId,
        {
          kind: 'part',
          iops: iops.parts[index] ?? 0,
          bytes: bytes.parts[index] ?? 0,
          aloneIops: iops.alone,
          aloneBytes: bytes.alone,
        },
      ]),
    );
  }

  /** What the other hosts want; of one that says nothing it is not known. */
  #remote(now: number, others: readonly string[]): Remote[] {
    return others.map((hostId) => {
      const heard = this.#others.get(hostId);
      if (heard && now - heard.at < UNHEARD_MS) return { ...heard.demand, isHeard: true };
      if (heard) return { ...heard.demand, isHeard: false };
      return { ...UNKNOWN, group: this.#group, isHeard: false };
    });
  }
}

/** The demand of another host. */
interface Remote extends Demand {
  isHeard: boolean;
}

type LimitOf = (settings: DiskAccount['settings']) => number;
type RateOf = (disk: DiskAccount) => number;
type CalmOf = (demand: Demand) => number;

interface Division {
  limit: number;
  /** What a disk that does nothing keeps. */
  idle: number;
  /** Of all disks on all hosts. */
  weights: number;
  calmOf: CalmOf;
}

/** `calm` is what it is left when nothing holds it back. */
function claimOf(disk: DiskAccount, calm: number, now: number): Claim {
  const wanted = disk.isHungry(now) ? Infinity : calm;
  return { weight: disk.settings.shares, reserved: 0, wanted };
}

/**
 * One that is not heard is left the part that is its due, and no more: if it does not hear us
 * either, it takes the same.
 */
function claimsOf(demand: Remote, { limit, idle, weights, calmOf }: Division): Claim[] {
  const weight = demand.hungry + demand.calm;
  if (!demand.isHeard) {
    const due = (limit * weight) / weights;
    return weight === 0 ? [] : [{ weight, reserved: due, wanted: due }];
  }
  const calm = Math.max(demand.disks * idle, calmOf(demand) * GROWTH);
  return [
    { weight: demand.hungry, reserved: 0, wanted: Infinity },
    { weight: demand.calm, reserved: 0, wanted: calm },
  ].filter((claim) => claim.weight > 0);
}

/** What nobody wants is given by weight as well: whoever begins to want more has it at once. */
function wholeParts(limit: number, wants: readonly Claim[]): number[] {
  const parts = divide(limit, wants);
  const over = limit - sum(parts);
  // Who is not heard would not know of it.
  const takes = wants.map(({ weight, reserved, wanted }) => (wanted > reserved ? weight : 0));
  const all = sum(takes);
  return parts.map((part, index) => part + (all === 0 ? 0 : (over * (takes[index] ?? 0)) / all));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
