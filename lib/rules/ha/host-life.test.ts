// Whether a silent host is alive, by what its VMs' locks said over time.
import { expect, test } from 'vitest';
import {
  type HostLife,
  type HostWatch,
  judgeHostLife,
  type SeenSign,
  watchHost,
} from './host-life.ts';

const OWN = 'uuid-1';
const held = (sign: string, hostUuid = OWN, disk = 'ds web01'): SeenSign => ({
  ...{ disk, state: 'held', hostUuid, sign },
});
const dead: SeenSign = { disk: 'ds web01', state: 'dead', hostUuid: OWN, sign: '' };
const free: SeenSign = { ...dead, state: 'free' };
const unreadable: SeenSign = { ...dead, state: 'unreadable', hostUuid: '' };

/** At each time in seconds what is seen; the last is judged. */
function lifeAfter(...looks: [number, ...SeenSign[]][]): HostLife {
  let watch: HostWatch | null = null;
  let now = 0;
  for (const [seconds, ...seen] of looks) {
    now = seconds * 1000;
    watch = watchHost(watch, seen, { now, hostUuid: OWN });
  }
  if (watch === null) throw new Error('Nothing was looked at.');
  return judgeHostLife(watch, now);
}

const CASES: [string, [number, ...SeenSign[]][], HostLife][] = [
  ['the first look says nothing', [[0, held('a')]], 'undetermined'],
  [
    'a lock that beats',
    [
      [0, held('a')],
      [2, held('b')],
    ],
    'alive',
  ],
  [
    'one of two beats',
    [
      [0, held('a'), held('x', OWN, 'ds db01')],
      [2, held('b'), held('x', OWN, 'ds db01')],
    ],
    'alive',
  ],
  [
    'a lock that stands still for less than its lease',
    [
      [0, held('a')],
      [14, held('a')],
    ],
    'undetermined',
  ],
  [
    'a lock that stands still for longer',
    [
      [0, held('a')],
      [15, held('a')],
    ],
    'dead',
  ],
  [
    'it beat, and then stood still',
    [
      [0, held('a')],
      [2, held('b')],
      [17, held('b')],
    ],
    'dead',
  ],
  [
    'it beat, and its process died',
    [
      [0, held('a')],
      [2, held('b')],
      [10, dead],
    ],
    'dead',
  ],
  [
    'processes that are gone, too early',
    [
      [0, dead],
      [9, dead],
    ],
    'undetermined',
  ],
  [
    'processes that are gone',
    [
      [0, dead],
      [10, dead],
    ],
    'dead',
  ],
  [
    'locks that were given back',
    [
      [0, free],
      [10, free],
    ],
    'dead',
  ],
  ['no VM at all', [[0], [10]], 'dead'],
  [
    'a lock that another host holds, and that beats',
    [
      [0, held('a', 'uuid-2')],
      [10, held('b', 'uuid-2')],
    ],
    'dead',
  ],
  [
    'a record that cannot be read but changes',
    [
      [0, held('a', '')],
      [2, held('b', '')],
    ],
    'alive',
  ],
  [
    'a disk that nobody can look at',
    [
      [0, unreadable],
      [60, unreadable],
    ],
    'undetermined',
  ],
  [
    'a lock taken anew by a process that is started again',
    [
      [0, dead],
      [10, held('c')],
    ],
    'alive',
  ],
];

test.each(CASES)('%s', (_, looks, life) => {
  expect(lifeAfter(...looks)).toBe(life);
});
