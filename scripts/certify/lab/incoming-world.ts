// The world to which a trial's VM moves: another process starts it, so that its number has to be
// asked for, early enough to know it when it ends at once.
import type { WorldLaunch } from '#host/world/launch.ts';
import type { WorldClient } from '#host/world/world-client.ts';
import { clientOf, type RunningWorld } from '#host/world/world-harness.ts';
import type { GivenKey } from '#lib/wire/agent/key-rpc.ts';

type Status = RunningWorld['status'];

const POLL_MS = 5;
/** A busy machine may take long. */
const START_MS = 120_000;

export class IncomingWorld {
  readonly launch: WorldLaunch;
  readonly client: WorldClient;
  #pid: number | null = null;
  #watching = true;

  readonly #keys: GivenKey[];

  /** `onPid` is told its process as soon as it is known. */
  constructor(
    launch: WorldLaunch,
    { onPid, keys }: { onPid: (pid: number) => void; keys: GivenKey[] },
  ) {
    this.launch = launch;
    this.client = clientOf(launch);
    this.#keys = keys;
    void this.#watch(onPid);
  }

  /** False before it was seen, too. */
  get isAlive(): boolean {
    return this.#pid !== null && isAlive(this.#pid);
  }

  /** Throws when it does not run. */
  ready(): Promise<Status> {
    const isAlive = (): boolean => this.#pid === null || this.isAlive;
    return this.client.waitUntilReady({ isAlive, timeoutMs: START_MS });
  }

  stopWatching(): void {
    this.#watching = false;
  }

  /** Ends it if it is there. */
  end(): void {
    this.stopWatching();
    if (this.#pid !== null && this.isAlive) process.kill(this.#pid, 'SIGKILL');
  }

  async #watch(onPid: (pid: number) => void): Promise<void> {
    while (this.#watching && this.#pid === null) {
      const status = await statusOf(this.client);
      if (status) {
        this.#pid = status.pid;
        onPid(status.pid);
        // A world that ends at once says why where it is waited for.
        if (status.awaitsKeys) await this.client.putKeys(this.#keys).catch(() => undefined);
      } else {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    }
  }
}

export async function isRunning(client: WorldClient): Promise<boolean> {
  return (await statusOf(client))?.state === 'running';
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // It has ended.
    return false;
  }
}

/** Null when it does not answer: not yet, or not any more. */
function statusOf(client: WorldClient): Promise<Status | null> {
  return client.status().catch(() => null);
}
