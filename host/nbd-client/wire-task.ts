// One request on its way to an NBD server, and who hears how it ended.
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import type { StatusExtent } from '#lib/formats/nbd/transmission.ts';
import { EMPTY_BUFFER } from '../chain/chain-io.ts';

export interface TaskOwner {
  taskDone(task: WireTask, error: number): void;
}

export class WireTask {
  command: number = COMMANDS.read;
  flags = 0;
  offset = 0;
  length = 0;
  /** Where the data of a read go, or of a write come from, from `start` on. */
  buffer: Buffer = EMPTY_BUFFER;
  start = 0;
  /** Of a block status. */
  extents: StatusExtent[] = [];
  /** The answer so far: bytes of a read that came, and the first error. */
  received = 0;
  error = 0;
  /** Monotonic time when it was sent last. */
  sentAt = 0;
  readonly owner: TaskOwner;

  constructor(owner: TaskOwner) {
    this.owner = owner;
  }

  get isRead(): boolean {
    return this.command === COMMANDS.read;
  }

  /** Forgets what a connection that ended had answered. */
  restart(): void {
    this.received = 0;
    this.error = 0;
    this.extents = [];
  }
}
