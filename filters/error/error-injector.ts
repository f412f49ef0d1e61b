// Makes the I/O of one disk fail by two rules. The first that fits decides; a rule that leaves an
// I/O to chance hands it on to the second.
import type {
  Answer,
  DiskIo,
  FilterContext,
  FilterHooks,
  FilterLifecycle,
  PropertyValues,
} from '#lib/filter-sdk/filter.ts';
import { XorShift } from '#lib/filter-sdk/xor-shift.ts';
import { type ErrorRule, readRule } from './error-rule.ts';

/** An I/O that fails is not seen by what stands below; one that is let through may fail later. */
type When = 'before' | 'after';

export class ErrorInjector implements FilterHooks, FilterLifecycle {
  #rules: readonly ErrorRule[];
  #random: XorShift;
  readonly #failed = [0, 0];

  constructor({ properties, state }: FilterContext) {
    this.#rules = rulesOf(properties);
    this.#random = new XorShift(seedOf(properties));
    for (const [index, left] of readState(state).entries()) {
      const rule = this.#rules[index];
      if (rule && left !== null && rule.left !== null) rule.left = left;
    }
  }

  /** Counts begin anew. */
  setProperties(properties: PropertyValues): void {
    this.#rules = rulesOf(properties);
    this.#random = new XorShift(seedOf(properties));
  }

  read(io: DiskIo): Answer {
    return this.#judge(io, 'before');
  }

  write(io: DiskIo): Answer {
    return this.#judge(io, 'before');
  }

  flush(io: DiskIo): Answer {
    return this.#judge(io, 'before');
  }

  trim(io: DiskIo): Answer {
    return this.#judge(io, 'before');
  }

  writeZeroes(io: DiskIo): Answer {
    return this.#judge(io, 'before');
  }

  prefetch(io: DiskIo): Answer {
    return this.#judge(io, 'before');
  }

  completed(io: DiskIo): Answer {
    // What has failed by itself keeps its own error.
    return io.error === 0 ? this.#judge(io, 'after') : undefined;
  }

  /** How many failures are left, so that a migration begins no new count. */
  saveState(): Uint8Array {
    return new TextEncoder().encode(JSON.stringify(this.#rules.map(({ left }) => left)));
  }

  statistics(): Record<string, number> {
    return { failed1: this.#failed[0] ?? 0, failed2: this.#failed[1] ?? 0 };
  }

  #judge(io: DiskIo, when: When): Answer {
    for (const [index, rule] of this.#rules.entries()) {
      if ((rule.after ? 'after' : 'before') !== when || !fits(rule, io)) continue;
      if (rule.share < 1 && this.#random.next() >= rule.share) continue;
      if (rule.left !== null) rule.left -= 1;
      this.#failed[index] = (this.#failed[index] ?? 0) + 1;
      return rule.answer;
    }
    return;
  }
}

function fits({ operation, start, end, left }: ErrorRule, io: DiskIo): boolean {
  if (operation === null || left === 0) return false;
  if (operation !== 'any' && operation !== io.operation) return false;
  return io.operation === 'flush' || (io.offset < end && io.offset + io.length > start);
}

function rulesOf(properties: PropertyValues): ErrorRule[] {
  return [readRule(properties, 1), readRule(properties, 2)];
}

function seedOf({ seed }: PropertyValues): number {
  return typeof seed === 'number' ? seed : 1;
}

/** What is left of each count; null where there is none, or where it cannot be read. */
function readState(state: Uint8Array | null): (number | null)[] {
  if (state === null) return [];
  try {
    const left: unknown = JSON.parse(new TextDecoder().decode(state));
    if (!Array.isArray(left)) return [];
    return left.map((each: unknown) => (Number.isSafeInteger(each) ? Number(each) : null));
  } catch {
    // Another version may have written something else; then the counts begin anew.
    return [];
  }
}
