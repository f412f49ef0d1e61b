// Versions of VIBs: numbers and words between dots and dashes, `2.1-6vmw.670.2.48`. Numbers count
// as numbers.

/** Negative when `a` is older, 0 when equal. */
export function compareVibVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = compareParts(left[i] ?? '', right[i] ?? '');
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Whether a version fits a constraint of a descriptor; one without a relation fits every version.
 */
export function satisfies(
  version: string,
  { relation, version: bound }: { relation: string; version: string },
): boolean {
  const difference = compareVibVersions(version, bound);
  if (relation === '<') return difference < 0;
  if (relation === '<=') return difference <= 0;
  if (relation === '=') return difference === 0;
  if (relation === '>=') return difference >= 0;
  if (relation === '>') return difference > 0;
  return true;
}

/** Runs of digits and runs of letters; all else separates. */
function partsOf(version: string): string[] {
  return version.match(/\d+|[A-Za-z]+/g) ?? [];
}

/** A number is newer than a word, and a word is newer than nothing. */
function compareParts(a: string, b: string): number {
  const [numberA, numberB] = [/^\d/.test(a), /^\d/.test(b)];
  if (numberA && numberB) return Math.sign(Number(a) - Number(b));
  if (numberA !== numberB) return numberA ? 1 : -1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
