// Row by row what reservations and limits of resource pools allow, and that no order of powering
// on takes from a pool what it has reserved.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgePoolConfig, type PoolFacts, poolReasons } from './pool-admission.ts';

const pool = (id: string, more: Partial<PoolFacts> = {}): PoolFacts => ({
  ...{ id, name: id, parentId: null, reservationMib: 0, limitMib: null, grantedMib: 0 },
  ...more,
});
const cluster = (pools: PoolFacts[], grantedMib = 0) => ({
  ...{ name: 'Prod', memoryMib: 1000, grantedMib, pools },
});
const vm = (memoryMib: number) => ({ name: 'web01', memoryMib });

describe('a VM is powered on', () => {
  it.each([
    ['within the limit', 100, 'a', [pool('a', { limitMib: 200, grantedMib: 100 })], []],
    ['above the limit', 101, 'a', [pool('a', { limitMib: 200, grantedMib: 100 })], ['a']],
    [
      'above the limit of the pool around its own',
      100,
      'b',
      [pool('a', { limitMib: 150 }), pool('b', { parentId: 'a', grantedMib: 100 })],
      ['a'],
    ],
    ['into what its own pool reserves', 900, 'a', [pool('a', { reservationMib: 900 })], []],
    ['into what another pool reserves', 200, null, [pool('a', { reservationMib: 900 })], ['a']],
    ['into what is left beside it', 100, null, [pool('a', { reservationMib: 900 })], []],
    [
      'into what another pool reserved and uses already',
      100,
      null,
      [pool('a', { reservationMib: 500, grantedMib: 500 })],
      [],
    ],
    [
      'into what a pool beside its own reserves within the same pool',
      600,
      'b',
      [
        pool('a', { reservationMib: 900 }),
        pool('b', { parentId: 'a', reservationMib: 400 }),
        pool('c', { parentId: 'a', reservationMib: 500 }),
      ],
      ['c'],
    ],
  ])('%s', (_, memoryMib, poolId, pools, inTheWay) => {
    const granted = pools.reduce((sum, one) => sum + one.grantedMib, 0);
    const reasons = poolReasons(vm(memoryMib), poolId, cluster(pools, granted));
    expect(reasons.flatMap(({ objects }) => objects ?? [])).toEqual(inTheWay);
    for (const { fault } of reasons) expect(fault).toBe('InsufficientMemoryResourceFault');
  });

  it('never out of the reservation of another pool', () => {
    const start = fc.record({ pool: fc.constantFrom('a', 'b', null), memoryMib: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(start, { maxLength: 20 }), fc.nat(500), fc.nat(500), (starts, a, b) => {
        const pools = [pool('a', { reservationMib: a }), pool('b', { reservationMib: b })];
        let granted = 0;
        for (const one of starts) {
          const owner = cluster(pools, granted);
          if (granted + one.memoryMib > owner.memoryMib) continue;
          if (poolReasons(vm(one.memoryMib), one.pool, owner).length > 0) continue;
          granted += one.memoryMib;
          const own = pools.find(({ id }) => id === one.pool);
          if (own) own.grantedMib += one.memoryMib;
          // Whatever was started: what is reserved and unused is still free.
          const unused = pools.map((each) => Math.max(0, each.reservationMib - each.grantedMib));
          expect(granted + unused.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(1000);
        }
      }),
    );
  });
});

describe('a pool is made or changed', () => {
  it.each([
    ['reserves what there is', pool('a', { reservationMib: 1000 }), [], null],
    ['reserves more', pool('a', { reservationMib: 1001 }), [], 'InsufficientMemoryResourceFault'],
    [
      'reserves what another has',
      pool('a', { reservationMib: 600 }),
      [pool('b', { reservationMib: 500 })],
      'InsufficientMemoryResourceFault',
    ],
    [
      'reserves more than the pool around it',
      pool('a', { reservationMib: 200, parentId: 'b' }),
      [pool('b', { reservationMib: 100 })],
      'InsufficientMemoryResourceFault',
    ],
    [
      'reserves less than the pools within it',
      pool('a', { reservationMib: 100 }),
      [pool('b', { parentId: 'a', reservationMib: 200 })],
      'InvalidArgument',
    ],
    [
      'is limited to less than it reserves',
      pool('a', { reservationMib: 100, limitMib: 50 }),
      [],
      'InvalidArgument',
    ],
    [
      'keeps what its cluster has lost since',
      pool('a', { name: 'renamed', reservationMib: 800 }),
      [pool('a', { reservationMib: 800 }), pool('b', { reservationMib: 700 })],
      null,
    ],
    [
      'reserves less than before, and more than its cluster still has',
      pool('a', { reservationMib: 700 }),
      [pool('a', { reservationMib: 800 }), pool('b', { reservationMib: 700 })],
      null,
    ],
    [
      'reserves more of what its cluster has lost',
      pool('a', { reservationMib: 801 }),
      [pool('a', { reservationMib: 800 }), pool('b', { reservationMib: 700 })],
      'InsufficientMemoryResourceFault',
    ],
  ])('%s', (_, changed, pools, fault) => {
    const [first] = judgePoolConfig(changed, cluster(pools)).reasons;
    expect(first?.fault ?? null).toBe(fault);
  });
});
