// Assertions: what must hold, or else the program itself is wrong. They stay on in production.

class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws an AssertionError unless the condition holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks a branch that the type system knows to be impossible. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
