// The token of one deferred I/O. It is answered exactly once; every further answer is a fault of
// the filter.
import { COMPLETE, type Deferral, type IoError, PASS } from '#lib/filter-sdk/filter.ts';
import type { ChainIo, TakenToken } from './chain-io.ts';

/** PASS, COMPLETE or a negative error number. */
export type Settlement = number;

/** What a token tells the chain that made it. */
export interface TokenKeeper {
  settle(token: DeferralToken): void;
  misuse(token: DeferralToken, message: string): void;
}

export class DeferralToken implements Deferral, TakenToken {
  readonly io: ChainIo;
  /** Index of the filter that took it, in its direction. */
  readonly filter: number;
  readonly wayOut: boolean;
  readonly operation: string;
  readonly #keeper: TokenKeeper;
  #state: 'inHook' | 'waiting' | 'over' = 'inHook';
  #answer: Settlement | null = null;

  constructor(keeper: TokenKeeper, io: ChainIo, filter: number, wayOut: boolean) {
    this.#keeper = keeper;
    this.io = io;
    this.filter = filter;
    this.wayOut = wayOut;
    this.operation = io.operation;
  }

  pass(): void {
    this.#settle(PASS);
  }

  complete(): void {
    if (this.wayOut) {
      this.#keeper.misuse(this, 'completed an I/O on its way out, where only pass and fail are');
      this.#settle(-5);
      return;
    }
    this.#settle(COMPLETE);
  }

  fail(error: IoError): void {
    this.#settle(-error);
  }

  /** The answer, null while there is none. */
  get answer(): Settlement | null {
    return this.#answer;
  }

  /** The hook has returned DEFER: from now on an answer moves the I/O. */
  arm(): void {
    this.#state = 'waiting';
  }

  /** No answer counts any more: it was used, or the hook did not return DEFER. */
  retire(): void {
    this.#state = 'over';
  }

  #settle(answer: Settlement): void {
    if (this.#answer !== null || this.#state === 'over') {
      this.#keeper.misuse(this, 'answered a deferred I/O that was answered before');
      return;
    }
    this.#answer = answer;
    if (this.#state === 'waiting') this.#keeper.settle(this);
  }
}
