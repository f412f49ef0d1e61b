// Which asynchronous points are the same: one place reached again while the same things are under
// way. Of those that are the same a few are tried, and no more.

const BEGINS = / begins$/;
const ENDED = / ended$/;
/** What guests ask for, which comes in any order and again and again. */
const GUEST = /^(read|write|flush|trim|writeZeroes|prefetch|completed \w+)$/;
/** What a filter does on its own. */
const OWN = /^(own |sidecar|write to flash|sync of flash|timer|message of|daemon )/;
/** So many of one kind under way are as good as more. */
const UNDER_WAY_MAX = 2;
/** How often points that are the same are tried: there the filter does nothing, or something. */
const TIMES = { guest: 2, other: 3 };

/**
 * Of each point its name, what is under way then, and the stage of which operation it belongs to:
 * plain I/O before any is the same in all scenarios.
 */
export function signaturesOf(names: readonly string[], scenario = ''): string[] {
  const underWay = new Map<string, number>();
  let stage = '';
  return names.map((name) => {
    const own = name.replace(BEGINS, '').replace(ENDED, '');
    const count = underWay.get(own) ?? 0;
    if (ENDED.test(name)) underWay.set(own, Math.max(0, count - 1));
    if (!GUEST.test(name) && !OWN.test(name)) stage = `${scenario}: ${name}`;
    const others = [...underWay].filter(([, open]) => open > 0);
    const open = others.map(([what, many]) => `${what} ${Math.min(many, UNDER_WAY_MAX)}`);
    if (BEGINS.test(name)) underWay.set(own, count + 1);
    return [stage, name, ...open.sort()].join(', ');
  });
}

/** How often each kind of point was tried, over all scenarios. */
export class TriedPoints {
  readonly #tried = new Map<string, number>();

  /** Kinds that were tried at all. */
  get kinds(): number {
    return this.#tried.size;
  }

  /**
   * Numbers of the points to try, from 1 and in order, so many at most: first one of each kind that
   * nobody has tried, then more of each, which lie apart.
   */
  choose(names: readonly string[], most: number, scenario = ''): number[] {
    const kinds = new Map<string, number[]>();
    for (const [index, kind] of signaturesOf(names, scenario).entries()) {
      kinds.set(kind, [...(kinds.get(kind) ?? []), index + 1]);
    }
    const rounds: number[][] = [];
    for (const [kind, numbers] of kinds) {
      const left = timesOf(names[(numbers[0] ?? 1) - 1] ?? '') - (this.#tried.get(kind) ?? 0);
      for (const [round, number] of apart(numbers, left).entries()) {
        rounds[round] = [...(rounds[round] ?? []), number];
      }
    }
    const chosen: number[] = [];
    for (const round of rounds) chosen.push(...spread(round, most - chosen.length));
    return chosen.sort((a, b) => a - b);
  }

  /** The last of these points was tried. */
  add(reached: readonly string[], scenario = ''): void {
    const kind = signaturesOf(reached, scenario).at(-1);
    if (kind !== undefined) this.#tried.set(kind, (this.#tried.get(kind) ?? 0) + 1);
  }
}

function timesOf(name: string): number {
  return GUEST.test(name) ? TIMES.guest : TIMES.other;
}

/** So many of the numbers: the first, the last, and what lies between. */
function apart(numbers: readonly number[], most: number): number[] {
  if (most <= 1) return numbers.slice(0, Math.max(0, most));
  const count = Math.min(most, numbers.length);
  const step = (numbers.length - 1) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, index) => numbers[Math.round(index * step)] ?? 0);
}

/** So many of the numbers, evenly. */
function spread(numbers: readonly number[], most: number): number[] {
  if (numbers.length <= most) return [...numbers];
  const step = numbers.length / Math.max(1, most);
  return Array.from(
    { length: Math.max(0, most) },
    (_, index) => numbers[Math.floor(index * step)] ?? 0,
  );
}
