// What a runner has of its VM's world: whether it answers, whether its process lives, and the ways
// to start one for an operation and to end it.
import { sleep } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import type { VmRunSpec, WorldReport } from '#lib/wire/agent/host-rpc.ts';
import { isProvablyDead } from '../../datastore/process-identity.ts';
import type { WorldStatus } from '../../world/control.ts';
import type { WorldLaunch } from '../../world/launch.ts';
import { WorldClient } from '../../world/world-client.ts';
import type { HostContext } from '../host-context.ts';
import type { VmRecord } from './vm-record.ts';
import { launchOf, type WorldPlaces } from './world-launch.ts';
import { ensureEnded, findWorldProcess, removeSockets, startWorld } from './world-process.ts';

export const STOP_PATIENCE_MS = 10_000;
/** A machine under load takes its time to start a process. */
const START_LIMIT_MS = 45_000;

/** What a world's state is called in the host's report. */
export const PHASES: Record<WorldStatus['state'], WorldReport['state']> = {
  starting: 'starting',
  waiting: 'migratingIn',
  running: 'running',
  migratingOut: 'migratingOut',
  stopping: 'stopping',
  faulted: 'faulted',
};

export interface WorldHandleParts {
  host: HostContext;
  places: WorldPlaces;
  record(): VmRecord;
  update(change: Partial<VmRecord>): Promise<void>;
}

export class WorldHandle {
  readonly client: WorldClient;
  readonly #parts: WorldHandleParts;

  constructor(parts: WorldHandleParts) {
    this.#parts = parts;
    this.client = clientAt(parts.host, parts.places.controlSocketPath);
  }

  /** Null when nobody answers. One that waits for its keys is given them. */
  async ask(): Promise<WorldStatus | null> {
    try {
      const status = await this.client.status();
      if (status.awaitsKeys) await this.giveKeys();
      return status;
    } catch (thrown) {
      if (isUnreachable(thrown)) return null;
      throw thrown;
    }
  }

  async isAlive(): Promise<boolean> {
    const { process: known } = this.#parts.record();
    if (known !== null && !(await isProvablyDead(known))) return true;
    const process = await findWorldProcess(this.#parts.places.launchPath);
    if (process === null) return false;
    await this.#parts.update({ process });
    return true;
  }

  /**
   * Until no operation is under way in it. Throws `TaskInProgress` when the process lives and does
   * not answer.
   */
  async waitUntilIdle(): Promise<void> {
    const { clock } = this.#parts.host;
    let silentSince = clock.monotonic();
    for (;;) {
      const status = await this.ask();
      if (status) silentSince = clock.monotonic();
      if (status ? status.operation === null : !(await this.isAlive())) return;
      if (clock.monotonic() - silentSince > STOP_PATIENCE_MS) {
        const message = 'An operation is under way in a process that does not answer.';
        throw new Fault('TaskInProgress', message);
      }
      await sleep(clock, 100);
    }
  }

  /**
   * Starts the world, gives it its keys, and waits until it has opened the disks. Throws what keeps
   * it from that.
   */
  async begin({
    vm,
    ...launch
  }: WorldLaunch): Promise<{ status: WorldStatus; over: Promise<void> }> {
    const { host, places, update } = this.#parts;
    host.keys.require(vm.vmId, vm.disks);
    const { isAlive, process, ended } = await startWorld({ vm, ...launch }, places.launchPath);
    await update({ process });
    const limits = { timeoutMs: START_LIMIT_MS, isAlive };
    if (launch.awaitsKeys) await this.client.whenThere(limits, () => this.giveKeys());
    return { status: await this.client.waitUntilReady(limits), over: ended };
  }

  /** Throws `HostNotReachable` when it is not there. */
  async giveKeys(): Promise<void> {
    const { host, record } = this.#parts;
    const { vmId } = record().spec;
    await this.client.putKeys(host.keys.of(vmId));
  }

  /**
   * Runs work with a world that opens the disks of the VM, which is off, and serves no client.
   * Throws what keeps it from opening them.
   */
  async withService<T>(spec: VmRunSpec, work: () => Promise<T>): Promise<T> {
    const { host } = this.#parts;
    await this.end();
    try {
      const how = { incoming: false, serves: false, missing: 'CannotOpenDisk' } as const;
      await this.begin(await launchOf(host, spec, how));
      return await work();
    } finally {
      await this.end();
    }
  }

  /** Gracefully if it can be, else not; its process is gone then. */
  async end(): Promise<void> {
    const { host, places, record } = this.#parts;
    // A world that is gone, or does not answer, cannot be asked: it is killed below.
    if (await this.ask()) {
      await this.client.stop().catch((thrown: unknown) => {
        const { vmId } = record().spec;
        host.logger.warn({ vmId, err: thrown }, 'a world did not stop well');
      });
    }
    const alive = await this.isAlive();
    const { process } = record();
    if (alive && process) await ensureEnded(process, host.clock, STOP_PATIENCE_MS);
    await removeSockets(places);
  }
}

/**
 * How far a handover has come that this host's agent did not see to its end: whether the other
 * world has the VM, may still get it, or does not.
 */
export async function askOther(
  host: HostContext,
  controlSocketPath: string,
): Promise<'has' | 'may' | 'not'> {
  const status = await clientAt(host, controlSocketPath)
    .status()
    .catch(() => null);
  if (!status || status.state === 'waiting' || status.state === 'faulted') return 'not';
  return status.state === 'running' ? 'has' : 'may';
}

export function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof Fault && thrown.fault === 'HostNotReachable';
}

function clientAt({ clock, random }: HostContext, controlSocketPath: string): WorldClient {
  return new WorldClient({ controlSocketPath, clock, random });
}
