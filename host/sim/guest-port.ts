// Where simulated guests reach a disk of a world: what an NBD connection is for real ones. Requests
// are held while the world stands still, refused when it has lost its disk, and lost with it.
import { NBD_ERRORS } from '#lib/formats/nbd/errno.ts';
import { ChainIo, type OperationCode } from '../chain/chain-io.ts';
import type { NbdExport } from '../nbd/nbd-export.ts';
import type { SimProcess } from './machine.ts';

/** The connection ended before the answer came: nobody knows what became of the request. */
export const CONNECTION_LOST = -1;

export interface GuestRequest {
  code: OperationCode;
  offset: number;
  length: number;
  fua: boolean;
  /** Of a read or write: `length` bytes. */
  buffer: Buffer;
}

class GuestIo extends ChainIo {
  readonly #ended: (error: number) => void;

  constructor(request: GuestRequest, ended: (error: number) => void) {
    super();
    Object.assign(this, request);
    this.#ended = ended;
  }

  finished(): void {
    this.#ended(this.error);
  }
}

interface Waiting {
  request: GuestRequest;
  answer(error: number): void;
}

export class GuestPort {
  /** What guests are connected over; a handover takes it along. */
  line: object = {};
  readonly #process: SimProcess;
  readonly #target: NbdExport;
  #held = false;
  #closed = false;
  /** Where the connections are now that were handed over. */
  #heir: GuestPort | null = null;
  #waiting: Waiting[] = [];
  readonly #underWay = new Set<Waiting>();

  constructor(process: SimProcess, target: NbdExport) {
    this.#process = process;
    this.#target = target;
    process.onEnd(() => this.close());
  }

  get isOpen(): boolean {
    return !this.#closed;
  }

  /** Resolves with 0, an error number, or CONNECTION_LOST. */
  request(request: GuestRequest): Promise<number> {
    if (this.#heir !== null) return this.#heir.request(request);
    return new Promise((resolve) => {
      const { schedule } = this.#process.host;
      const waiting: Waiting = {
        request,
        answer: (error) => {
          this.#underWay.delete(waiting);
          resolve(error);
        },
      };
      if (this.#closed) {
        resolve(CONNECTION_LOST);
        return;
      }
      this.#underWay.add(waiting);
      // What comes in the same instant is one batch, as it is for the server.
      this.#waiting.push(waiting);
      if (this.#waiting.length === 1) this.#process.run(schedule.now, () => this.#work());
    });
  }

  hold(): void {
    this.#held = true;
  }

  release(): number {
    this.#held = false;
    const waited = this.#waiting.length;
    if (waited > 0) this.#process.run(this.#process.localNow, () => this.#work());
    return waited;
  }

  /** Requests that the chain has. */
  inFlight(): number {
    return this.#underWay.size - this.#waiting.length;
  }

  /** In bytes. */
  get sizeBytes(): number {
    return this.#target.sizeBytes;
  }

  close(): void {
    this.#closed = true;
    this.drop();
  }

  /** Ends the guests' connections; they may come again. */
  drop(): void {
    this.line = {};
    this.#waiting = [];
    for (const { answer } of [...this.#underWay]) answer(CONNECTION_LOST);
  }

  /** Takes what came and was not begun from a port that is handed over. */
  takeWaiting(other: GuestPort): void {
    this.line = other.line;
    other.#heir = this;
    for (const waiting of other.#waiting.splice(0)) {
      other.#underWay.delete(waiting);
      void this.request(waiting.request).then(waiting.answer);
    }
  }

  #work(): void {
    if (this.#held || this.#closed) return;
    const batch = this.#waiting;
    this.#waiting = [];
    const serves = this.#target.isServing();
    for (const waiting of batch) this.#begin(waiting, serves);
  }

  #begin({ request, answer }: Waiting, serves: boolean): void {
    const process = this.#process;
    // The answer leaves when the thread is not blocked any more.
    const end = (error: number): void => {
      process.run(process.localNow, () => answer(error));
    };
    if (!serves) {
      end(NBD_ERRORS.ESHUTDOWN);
      return;
    }
    const io = new GuestIo(request, end);
    io.arrivedAt = process.clock.monotonic();
    if (this.#target.submit(io)) end(io.error);
  }
}
