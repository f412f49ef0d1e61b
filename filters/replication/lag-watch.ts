// How far the copy is behind, as statistics, as progress, and as events when it is too far.
import type { FilterContext, FilterProgress } from '#lib/filter-sdk/filter.ts';
import type { CopySession } from './copy-session.ts';
import type { Settings } from './settings.ts';

const STATES = { unknown: 0, initial: 1, inSync: 2, resync: 3, away: 4, degraded: 5, replaced: 6 };

export interface LagWatchParts {
  context: FilterContext;
  session: CopySession;
  settings(): Settings;
}

export class LagWatch {
  readonly #parts: LagWatchParts;
  /** Since when the copy has not been whole; null while it is. */
  #behindSince: number | null = null;
  #isLate = false;
  /** Of a resync: what there was to be sent at its beginning, in bytes. */
  #begun = 0;

  constructor(parts: LagWatchParts) {
    this.#parts = parts;
  }

  statistics(is: { isDegraded: boolean; isReplaced: boolean }): Record<string, number> {
    const { stream, toSend } = this.#parts.session;
    const remaining = toSend.bytes;
    const lagMs = this.#lagMs();
    this.#watch(lagMs);
    return {
      lagBytes: stream.bytesUnderWay + remaining,
      lagMilliseconds: Math.round(lagMs),
      acknowledgedSequence: stream.acknowledged,
      sentBytes: stream.sentBytes,
      resyncRemainingBytes: remaining,
      state: this.#state(is),
    };
  }

  progress(): FilterProgress {
    const { phase, isInitial, toSend, isAway, why } = this.#parts.session;
    const remaining = toSend.bytes;
    const done = phase === 'inSync';
    this.#begun = done ? 0 : Math.max(this.#begun, remaining, 1);
    const percent = done ? 100 : Math.floor(100 * (1 - remaining / this.#begun));
    const step = isInitial ? 'Initial sync' : 'Resync';
    const trouble = isAway ? why.slice(0, 400) : '';
    return { step: done ? 'Replicating' : step, percent, done, trouble };
  }

  #state({ isDegraded, isReplaced }: { isDegraded: boolean; isReplaced: boolean }): number {
    const { phase, isAway, isInitial, why } = this.#parts.session;
    if (isReplaced) return STATES.replaced;
    if (isDegraded) return STATES.degraded;
    if (isAway) return why === '' && phase === 'apart' ? STATES.unknown : STATES.away;
    if (phase === 'inSync') return STATES.inSync;
    return isInitial ? STATES.initial : STATES.resync;
  }

  #lagMs(): number {
    const { session, context } = this.#parts;
    const now = context.clock.monotonic();
    if (session.phase === 'inSync') {
      this.#behindSince = null;
      const { oldest } = session.stream;
      return oldest === null ? 0 : now - oldest;
    }
    if (session.toSend.isEmpty && session.stream.isIdle && session.phase === 'apart') return 0;
    this.#behindSince ??= now;
    return now - this.#behindSince;
  }

  #watch(lagMs: number): void {
    const { context, settings, session } = this.#parts;
    const { rpoMs } = settings();
    const isLate = rpoMs > 0 && lagMs > rpoMs && !session.isInitial;
    if (isLate === this.#isLate) return;
    this.#isLate = isLate;
    const objective = `the recovery point objective of ${rpoMs / 1000} s`;
    if (isLate) context.raiseEvent('warning', `The replication is behind ${objective}.`);
    else context.raiseEvent('info', `The replication is within ${objective} again.`);
  }
}
