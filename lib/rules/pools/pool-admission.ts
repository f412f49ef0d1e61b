// Resource pools: parts of the memory of a cluster or a standalone host. A reservation is kept free
// for the virtual machines of the pool, a limit is what they may have together; both are asked at
// power-on. A pool within a pool parts what that one has.
import type { Reason } from '../../model/fault.ts';
import { type Verdict, verdictOf } from '../../model/verdict.ts';

export interface PoolFacts {
  id: string;
  name: string;
  /** Null: directly below its cluster or host. */
  parentId: string | null;
  reservationMib: number;
  /** Null: no limit. */
  limitMib: number | null;
  /**
   * Configured memory of its own virtual machines that run or have been let start, without those
   * of pools within it.
   */
  grantedMib: number;
}

export interface PoolOwnerFacts {
  name: string;
  /** Memory of the hosts that can run virtual machines now, in MiB. */
  memoryMib: number;
  /** Of all virtual machines that run or have been let start, in pools or not. */
  grantedMib: number;
  pools: readonly PoolFacts[];
}

/** Why a VM that is off may not be powered on in the pool (null: in none); empty: it may. */
export function poolReasons(
  { name, memoryMib }: { name: string; memoryMib: number },
  poolId: string | null,
  owner: PoolOwnerFacts,
): Reason[] {
  const path = pathOf(owner.pools, poolId);
  return [
    ...path.flatMap((pool) => limitReasons({ name, memoryMib }, pool, owner.pools)),
    ...reservationReasons({ name, memoryMib }, path, owner),
  ];
}

function limitReasons(
  { name, memoryMib }: { name: string; memoryMib: number },
  pool: PoolFacts,
  pools: readonly PoolFacts[],
): Reason[] {
  const { limitMib } = pool;
  const granted = grantedIn(pool, pools);
  if (limitMib === null || granted + memoryMib <= limitMib) return [];
  return [
    {
      fault: 'InsufficientMemoryResourceFault',
      message:
        `The resource pool ${pool.name} is limited to ${limitMib} MiB of memory; ${granted} MiB ` +
        `are granted, and ${name} needs ${memoryMib} MiB.`,
      remedy: `Raise the limit of ${pool.name}, or power off other virtual machines in it.`,
      objects: [pool.id],
    },
  ];
}

/** What other pools have reserved and do not use yet is not there for this virtual machine. */
function reservationReasons(
  { name, memoryMib }: { name: string; memoryMib: number },
  path: readonly PoolFacts[],
  { name: ownerName, memoryMib: allMib, grantedMib, pools }: PoolOwnerFacts,
): Reason[] {
  const mine = new Set(path.map(({ id }) => id));
  const holders = pools.filter(
    // Beside the path: within a pool of the path, or below the owner itself.
    (pool) => !mine.has(pool.id) && (pool.parentId === null || mine.has(pool.parentId)),
  );
  const kept = holders
    .map((pool) => ({ pool, unused: unusedOf(pool, pools) }))
    .filter(({ unused }) => unused > 0);
  if (kept.length === 0) return [];
  const keptMib = kept.reduce((sum, { unused }) => sum + unused, 0);
  const leftMib = Math.max(0, allMib - grantedMib - keptMib);
  if (memoryMib <= leftMib) return [];
  const names = kept.map(({ pool, unused }) => `${pool.name} (${unused} MiB)`).join(', ');
  return [
    {
      fault: 'InsufficientMemoryResourceFault',
      message:
        `${ownerName} has ${leftMib} MiB of memory left that no resource pool keeps for its own ` +
        `virtual machines; ${name} needs ${memoryMib} MiB. Reserved and not used: ${names}.`,
      remedy: `Lower a reservation, move ${name} into one of these pools, or add a host.`,
      objects: kept.map(({ pool }) => pool.id),
    },
  ];
}

/** With the pools within it. */
export function grantedIn(pool: PoolFacts, pools: readonly PoolFacts[]): number {
  const within = pools.filter(({ parentId }) => parentId === pool.id);
  return within.reduce((sum, child) => sum + grantedIn(child, pools), pool.grantedMib);
}

/** Of its reservation; the pools within it have theirs out of it. */
function unusedOf(pool: PoolFacts, pools: readonly PoolFacts[]): number {
  return Math.max(0, pool.reservationMib - grantedIn(pool, pools));
}

/** The pool and those that it is within, innermost first. */
export function pathOf(pools: readonly PoolFacts[], poolId: string | null): PoolFacts[] {
  const path: PoolFacts[] = [];
  let id = poolId;
  while (id !== null && path.length <= pools.length) {
    const pool = pools.find((one) => one.id === id);
    if (!pool) break;
    path.push(pool);
    id = pool.parentId;
  }
  return path;
}

/**
 * May the pool be, new or changed, with this reservation and limit? One that reserves no more than
 * it did is not asked for memory that its owner has lost since.
 */
export function judgePoolConfig(
  pool: Pick<PoolFacts, 'id' | 'name' | 'parentId' | 'reservationMib' | 'limitMib'>,
  owner: PoolOwnerFacts,
): Verdict {
  const { id, name, parentId, reservationMib, limitMib } = pool;
  const reasons: Reason[] = [];
  if (limitMib !== null && reservationMib > limitMib) {
    const message = `${name} would reserve ${reservationMib} MiB, and be limited to ${limitMib}.`;
    reasons.push({ fault: 'InvalidArgument', message, remedy: 'Raise the limit.' });
  }
  const parent = owner.pools.find((one) => one.id === parentId);
  const siblings = owner.pools.filter((one) => one.parentId === parentId && one.id !== id);
  const others = siblings.reduce((sum, one) => sum + one.reservationMib, 0);
  const available = parent ? parent.reservationMib : owner.memoryMib;
  const before = owner.pools.find((one) => one.id === id && one.parentId === parentId);
  const grows = reservationMib > (before?.reservationMib ?? 0);
  if (grows && others + reservationMib > available) {
    const what = parent ? `${parent.name} reserves` : `${owner.name} has`;
    reasons.push({
      fault: 'InsufficientMemoryResourceFault',
      message:
        `${what} ${available} MiB of memory; other resource pools reserve ${others} MiB of it, ` +
        `and ${name} would reserve ${reservationMib} MiB.`,
      remedy: parent ? `Raise the reservation of ${parent.name}.` : 'Reserve less.',
    });
  }
  const within = owner.pools.filter((one) => one.parentId === id && one.id !== id);
  const needed = within.reduce((sum, one) => sum + one.reservationMib, 0);
  if (needed > reservationMib) {
    const message = `The resource pools within ${name} reserve ${needed} MiB out of it.`;
    const remedy = 'Lower their reservations first.';
    reasons.push({
      fault: 'InvalidArgument',
      message,
      remedy,
      objects: within.map((one) => one.id),
    });
  }
  return verdictOf(reasons);
}
