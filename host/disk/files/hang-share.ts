// Files on storage that may hang for as long as it likes: a network, or a program (FUSE). No call
// to it may be made on the thread that serves all disks of a VM, and it gets a share of libuv's
// threads alone, so that the files on other storage, and the signs of life of their locks, have the
// rest.
import { statfs } from 'node:fs/promises';

/**
 * Calls to one device at a time: fewer than the four threads of a process that asks for no more.
 */
const CALLS_MAX = 3;

/** Types of statfs(2): NFS, CIFS and SMB2, FUSE, 9P, Ceph. */
const TYPES_THAT_HANG: ReadonlySet<number> = new Set([
  0x6969, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400,
]);

export class HangShare {
  readonly #waiting: (() => void)[] = [];
  #calls = 0;

  /** Runs a call now or when one before it has ended; it calls `end` when it has. */
  run(call: (end: () => void) => void): void {
    const start = (): void => {
      this.#calls += 1;
      call(() => this.#end());
    };
    if (this.#calls < CALLS_MAX) start();
    else this.#waiting.push(start);
  }

  #end(): void {
    this.#calls -= 1;
    this.#waiting.shift()?.();
  }
}

const shares = new Map<number, HangShare>();

/** That of the device on which a file lies; null when nothing there hangs for long. */
export async function hangShareOf(path: string, device: number): Promise<HangShare | null> {
  const { type } = await statfs(path);
  // Some systems give the type as a number with a sign.
  if (!TYPES_THAT_HANG.has(type >>> 0)) return null;
  const share = shares.get(device) ?? new HangShare();
  shares.set(device, share);
  return share;
}
