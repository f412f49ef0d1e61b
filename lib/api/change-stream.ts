// GET /changes: the change log as server-sent events, resumable, with heartbeats, ending when the
// session does.
import type { Change } from '../controller/changes/follow-changes.ts';
import { CHANGE_EVENTS, HEARTBEAT_MS } from '../wire/api/change-stream.ts';
import type { ApiContext } from './api-context.ts';

/** How long a browser waits before it connects again, in milliseconds. */
const RETRY_MS = 1_000;
/** Messages that a reader may be behind; a slower one is cut off and resumes where it stood. */
const BEHIND_MAX = 500;

export interface StreamOptions {
  context: Pick<ApiContext, 'changes' | 'clock' | 'stopping'>;
  /** Last-Event-ID, or the query's `after`; null to begin now. */
  after: string | null;
  /** Ends with the request. */
  signal: AbortSignal;
  /** Asked at every heartbeat. */
  isSessionAlive: () => Promise<boolean>;
}

export function changeStream(options: StreamOptions): Response {
  const end = new AbortController();
  const stop = (): void => end.abort();
  const { signal, context } = options;
  for (const cause of [signal, context.stopping]) {
    cause.addEventListener('abort', stop, { once: true, signal: end.signal });
    if (cause.aborted) stop();
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void pump(options, controller, end),
      cancel: stop,
    },
    { highWaterMark: BEHIND_MAX },
  );
  return new Response(body, {
    headers: {
      'Content-Type': 'text/event-stream; charset=utf-8',
      // Without `no-transform` Next would compress, and so withhold, the stream.
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    },
  });
}

async function pump(
  { context, after, isSessionAlive }: StreamOptions,
  controller: ReadableStreamDefaultController<Uint8Array>,
  end: AbortController,
): Promise<void> {
  const { changes, clock } = context;
  const writer = new EventWriter(controller, () => end.abort());
  const unsubscribe = changes.subscribe({ onChanges: (batch) => writer.changes(batch) });
  let timer = clock.after(0, () => undefined);
  end.signal.addEventListener('abort', () => {
    unsubscribe();
    timer.cancel();
    writer.close();
  });
  writer.begin();
  try {
    const from = readVersion(after);
    if (from !== null) writer.missed(from, await changes.missedAfter(from));
    writer.release();
  } catch {
    // The database does not answer: the reader comes again and resumes.
    end.abort();
  }
  const beat = (): void => {
    timer = clock.after(HEARTBEAT_MS, () => void check());
  };
  const check = async (): Promise<void> => {
    // A database that does not answer for a moment ends nobody's session.
    const isAlive = await isSessionAlive().catch(() => true);
    if (end.signal.aborted) return;
    if (!isAlive) return end.abort();
    writer.heartbeat();
    beat();
  };
  if (!end.signal.aborted) beat();
}

function readVersion(text: string | null): bigint | null {
  return text !== null && /^\d{1,18}$/.test(text) ? BigInt(text) : null;
}

/** Writes events; holds back what comes live until what was missed has been written. */
class EventWriter {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #onBehind: () => void;
  readonly #encoder = new TextEncoder();
  #heldBack: Change[] | null = [];
  #last = 0n;
  #isClosed = false;

  constructor(controller: ReadableStreamDefaultController<Uint8Array>, onBehind: () => void) {
    this.#controller = controller;
    this.#onBehind = onBehind;
  }

  begin(): void {
    this.#write(`retry: ${RETRY_MS}\n\n`);
  }

  heartbeat(): void {
    this.#write(`event: ${CHANGE_EVENTS.heartbeat}\ndata: {}\n\n`);
  }

  missed(from: bigint, missed: readonly Change[] | null): void {
    this.#last = from;
    if (missed === null) this.#write(`event: ${CHANGE_EVENTS.reset}\ndata: {}\n\n`);
    else this.#send(missed);
  }

  release(): void {
    const held = this.#heldBack ?? [];
    this.#heldBack = null;
    this.#send(held);
    // Even with nothing to say: the reader learns at once that the stream works.
    this.heartbeat();
  }

  changes(batch: readonly Change[]): void {
    if (this.#heldBack) this.#heldBack.push(...batch);
    else this.#send(batch);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#controller.close();
    } catch {
      // The reader has gone already, and taken the stream with it.
    }
  }

  #send(batch: readonly Change[]): void {
    const fresh = batch.filter((change) => change.version > this.#last);
    const last = fresh.at(-1);
    if (!last) return;
    this.#last = last.version;
    const named = new Map(fresh.map(({ object, path }) => [`${object} ${path}`, { object, path }]));
    const data = JSON.stringify({ changes: [...named.values()] });
    this.#write(`id: ${last.version}\nevent: ${CHANGE_EVENTS.changes}\ndata: ${data}\n\n`);
  }

  #write(text: string): void {
    if (this.#isClosed) return;
    if ((this.#controller.desiredSize ?? 0) <= 0) this.#onBehind();
    else this.#controller.enqueue(this.#encoder.encode(text));
  }
}
