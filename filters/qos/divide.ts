// Divides an amount by weight among those who want some of it, as a limit or the capacity of a
// device is divided in a second. Pure.

export interface Claim {
  weight: number;
  /** Given before weights count, as far as it is wanted and there is enough for all. */
  reserved: number;
  /** It takes no more than this; Infinity for whatever there is. */
  wanted: number;
}

/**
 * One part for each claim, in their order: what is reserved first (all in proportion when it is
 * more than there is), then the rest so that parts are as their weights, where nobody gets less
 * than is reserved nor more than is wanted. What nobody wants stays over.
 */
export function divide(amount: number, claims: readonly Claim[]): number[] {
  const floors = claims.map(({ reserved, wanted }) => Math.min(reserved, wanted));
  const promised = sum(floors);
  if (promised >= amount) {
    return floors.map((floor) => (promised === 0 ? 0 : (floor * amount) / promised));
  }
  const level = levelFor(amount, claims, floors);
  return claims.map((claim, index) => partAt(level, claim, floors[index] ?? 0));
}

/** What a claim gets when one unit of weight is worth the level. */
function partAt(level: number, { weight, wanted }: Claim, floor: number): number {
  return Math.max(floor, Math.min(wanted, weight * level));
}

/**
 * The level at which the parts make up the amount, or Infinity when all is wanted that there is. A
 * claim's part is level, rising, level again, so that the sum is a chain of straight pieces.
 */
function levelFor(amount: number, claims: readonly Claim[], floors: readonly number[]): number {
  const corners = claims.flatMap(({ weight, wanted }, index) => [
    (floors[index] ?? 0) / weight,
    wanted / weight,
  ]);
  const steps = [...new Set(corners)].filter(Number.isFinite).sort((a, b) => a - b);
  let before = 0;
  for (const step of [...steps, Infinity]) {
    const rising = claims.filter(({ weight, wanted }, index) => {
      const middle = Number.isFinite(step) ? (before + step) / 2 : before + 1;
      return weight * middle > (floors[index] ?? 0) && weight * middle < wanted;
    });
    const atStart = sum(claims.map((claim, index) => partAt(before, claim, floors[index] ?? 0)));
    const slope = sum(rising.map(({ weight }) => weight));
    if (slope > 0 && atStart + slope * (step - before) >= amount) {
      return before + (amount - atStart) / slope;
    }
    if (Number.isFinite(step)) before = step;
  }
  return before;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
