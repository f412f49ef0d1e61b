// Adaptive polling: after a client's lone request has been answered, its next one is looked for
// for a moment before the thread goes to sleep, because waking it costs more than the I/O. QEMU's
// I/O threads do the same (poll-max-ns). A client that works with a queue, or that thinks between
// its requests, is not polled for.
import type { Clock } from '#lib/base/clock.ts';

/** How long a request is looked for, in milliseconds: what a client needs to wake and ask again. */
const WINDOW_MS = 0.1;
/** The thread has timers and other clients: it polls for no longer in one go, in milliseconds. */
const TURN_MS = 1;
/** After so many fruitless polls in a row ... */
const MISSES_MAX = 4;
/** ... as many lone requests go by without one. */
const REST_REQUESTS = 64;

export interface PolledClient {
  /** Whether the last thing done was one request, fully answered, and the client may go on. */
  wantsNext(): boolean;
  /** Reads and works on what has arrived; false when nothing has. */
  takeArrived(): boolean;
}

export class ArrivalPoll {
  readonly #clock: Clock;
  #running = false;
  #misses = 0;
  #rest = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  run(client: PolledClient): void {
    if (this.#running || !client.wantsNext() || this.#rests()) return;
    this.#running = true;
    this.#poll(client);
    this.#running = false;
  }

  #rests(): boolean {
    if (this.#rest > 0) this.#rest -= 1;
    return this.#rest > 0;
  }

  #poll(client: PolledClient): void {
    const begun = this.#clock.monotonic();
    let asked = begun;
    for (;;) {
      const arrived = client.takeArrived();
      const now = this.#clock.monotonic();
      if (arrived) {
        this.#misses = 0;
        asked = now;
        if (!client.wantsNext() || now - begun >= TURN_MS) return;
      } else if (now - asked >= WINDOW_MS) {
        this.#missed();
        return;
      }
    }
  }

  #missed(): void {
    this.#misses += 1;
    if (this.#misses < MISSES_MAX) return;
    this.#misses = 0;
    this.#rest = REST_REQUESTS;
  }
}
