// One field of a parsed JSON value of unknown shape. For the few texts from outside that the
// browser reads without the schemas, whose parser would be a tenth of every page.

/** Undefined when the value is no object or has no such field. */
export function fieldOf(value: unknown, name: string): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
