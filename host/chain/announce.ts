// Tells a disk's filters what happens to the disk as a whole, one after the other in class order,
// and takes it back from those that were told when one of them refuses.
import { assert } from '#lib/base/assert.ts';
import { type Clock, sleep } from '#lib/base/clock.ts';
import type { DiskEvent, DiskEventKind } from '#lib/filter-sdk/filter.ts';
import { Fault } from '#lib/model/fault.ts';
import type { FilterFaultReport } from './chain.ts';
import type { OpenFilter } from './open-filter.ts';

/** A filter must have answered by then, in milliseconds. */
export const ANSWER_MS = 30_000;
/** To `frozen`, while the guest's I/O waits, in milliseconds. */
export const FROZEN_ANSWER_MS = 5_000;

type Phase = DiskEvent['phase'];

export interface AnnouncementParts {
  /** In class order, guest first. */
  filters: readonly OpenFilter[];
  event: Omit<DiskEvent, 'phase'>;
  /** What one of them hears instead. */
  eventFor?(filter: OpenFilter): Omit<DiskEvent, 'phase'>;
  clock: Clock;
  /** A filter refused, or failed where it cannot refuse. */
  onFault(report: FilterFaultReport): void;
}

/** Nobody can refuse these. */
const IMPERATIVE: ReadonlySet<DiskEventKind> = new Set(['reset', 'resume', 'powerOff']);

/**
 * One operation on one disk. `prepare`, then with the disk's I/O standing still `freeze`, then
 * `done`; or `undone` at any time before `done`, when something else failed. An operation that
 * needs no standing still may go from `prepare` to `done`.
 */
export class Announcement {
  readonly #parts: AnnouncementParts;
  /** Those that were told to prepare and have not refused. */
  #told: OpenFilter[] = [];
  #frozen = false;
  #over = false;

  constructor(parts: AnnouncementParts) {
    this.#parts = parts;
  }

  /**
   * Throws `FilterFault` naming filter, operation and reason when one refuses or does not answer;
   * the others have heard `undone` by then, and the announcement is over.
   */
  async prepare(): Promise<void> {
    for (const filter of this.#parts.filters) {
      const refusal = await this.#ask(filter, 'prepare');
      // One that has not answered may yet prepare: it is told that it need not. One that has
      // refused has nothing to take back.
      const refuses = refusal !== null && !refusal.late && this.#canRefuse('prepare');
      if (!refuses) this.#told.push(filter);
      if (refusal !== null) await this.#refused(filter, 'prepare', refusal.message);
    }
  }

  /**
   * The disk's I/O must stand still. What filters do on their own goes on until all have answered,
   * and then stands still as well, until `thaw`, `done` or `undone`. Throws as `prepare` does. With
   * `evenWaiting`, what they began may still be waiting for space, and is kept below by the caller.
   */
  async freeze(evenWaiting = false): Promise<void> {
    this.#frozen = true;
    for (const filter of this.#told) {
      const refusal = await this.#ask(filter, 'frozen');
      if (refusal !== null) await this.#refused(filter, 'frozen', refusal.message);
    }
    for (const filter of this.#parts.filters) {
      const ended = await this.#within(filter.own.hold(), FROZEN_ANSWER_MS);
      if (ended || (evenWaiting && !filter.own.isWritingSidecar)) continue;
      await this.#refused(filter, 'frozen', 'what it began on its own does not end');
    }
  }

  /** What filters do on their own goes on. Idempotent; the end of the operation does it as well. */
  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    for (const filter of this.#parts.filters) filter.own.release();
  }

  /** It has happened. */
  async done(): Promise<void> {
    assert(!this.#over, 'an operation ends once');
    this.#end();
    for (const filter of this.#told) await this.#tell(filter, 'done');
  }

  /**
   * It has happened, and these hear of it, whether they were there when it began or not: a disk's
   * new filters, or those of the world that a VM has moved to.
   */
  async doneFor(filters: readonly OpenFilter[]): Promise<void> {
    assert(!this.#over, 'an operation ends once');
    this.#end();
    for (const filter of filters) await this.#tell(filter, 'done');
  }

  /** It has not happened. Idempotent, and nothing to do when a filter's refusal has ended it. */
  async undone(): Promise<void> {
    if (this.#over) return;
    this.#end();
    for (const filter of this.#told.toReversed()) await this.#tell(filter, 'undone');
  }

  #eventFor(filter: OpenFilter): Omit<DiskEvent, 'phase'> {
    return this.#parts.eventFor?.(filter) ?? this.#parts.event;
  }

  #end(): void {
    this.#over = true;
    this.thaw();
  }

  #canRefuse(phase: Phase): boolean {
    const { kind } = this.#parts.event;
    return !IMPERATIVE.has(kind) && !(kind === 'migrate' && phase === 'frozen');
  }

  /** Ends the operation unless it is one that nobody can refuse. */
  async #refused(filter: OpenFilter, phase: Phase, why: string): Promise<void> {
    const { name } = filter;
    const operation = operationName(this.#eventFor(filter).kind, phase);
    this.#parts.onFault({ filter: name, operation, message: why });
    if (!this.#canRefuse(phase)) return;
    await this.undone();
    throw new Fault('FilterFault', `The I/O filter ${name} refuses ${operation}: ${why}`, {
      data: { filter: name, operation },
    });
  }

  async #tell(filter: OpenFilter, phase: Phase): Promise<void> {
    const refusal = await this.#ask(filter, phase);
    if (refusal === null) return;
    const operation = operationName(this.#eventFor(filter).kind, phase);
    this.#parts.onFault({ filter: filter.name, operation, message: refusal.message });
  }

  /** Null when the filter has answered well. */
  async #ask(filter: OpenFilter, phase: Phase): Promise<{ message: string; late: boolean } | null> {
    if (filter.hooks.diskEvent === undefined) return null;
    const limitMs = phase === 'frozen' ? FROZEN_ANSWER_MS : ANSWER_MS;
    let refusal: string | null = null;
    const answer = callHook(filter, { ...this.#eventFor(filter), phase }).then((said) => {
      refusal = said;
    });
    if (!(await this.#within(answer, limitMs))) {
      return { message: `it did not answer within ${limitMs / 1000} s`, late: true };
    }
    return refusal === null ? null : { message: refusal, late: false };
  }

  /** False when the work, which does not reject, has not ended in time. */
  async #within(work: Promise<void>, limitMs: number): Promise<boolean> {
    const ended = new AbortController();
    const end = work.then(() => ended.abort());
    await Promise.race([end, sleep(this.#parts.clock, limitMs, ended.signal)]);
    return ended.signal.aborted;
  }
}

/** What the filter threw; null when it did not. */
async function callHook({ hooks }: OpenFilter, event: DiskEvent): Promise<string | null> {
  try {
    await hooks.diskEvent?.(event);
    return null;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** What filters hear of a change of filters: those that have these names then, and the others. */
export function changeEvents(
  sizeBytes: number,
  filters: readonly string[],
): Pick<AnnouncementParts, 'event' | 'eventFor'> {
  const common = { sizeBytes, quiesced: false };
  const event = { ...common, kind: 'reconfigure', filters, filterLeaves: false } as const;
  const leave = { ...common, kind: 'detach', filterLeaves: true } as const;
  return { event, eventFor: ({ name }) => (filters.includes(name) ? event : leave) };
}

/** As faults and messages name it: `grow (prepare)`. */
function operationName(kind: DiskEventKind, phase: Phase): string {
  return `${kind} (${phase})`;
}
