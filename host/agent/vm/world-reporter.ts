// Turns what a world reports into host events: its filters' failures, one a minute for each filter
// of a disk at most, the events that they raise, and that a datastore is full or has room again.
import type { VmTrouble } from '#lib/model/vm-trouble.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import type { WorldStatus } from '../../world/control.ts';
import type { HostContext } from '../host-context.ts';

const NO_ROOM = { type: 'VmNoSpace', severity: 'error' } as const;
const HAS_ROOM = { type: 'VmSpaceAgain', severity: 'info' } as const;

const INTERVAL_MS = 60_000;

export class WorldReporter {
  readonly #host: HostContext;
  readonly #vmId: string;
  readonly #reportedAt = new Map<string, number>();
  #noSpace = '';
  #pid = 0;
  #faultSequence = 0;
  #eventSequence = 0;

  constructor(host: HostContext, vmId: string) {
    this.#host = host;
    this.#vmId = vmId;
  }

  /** Returns what an administrator should see beside the VM: null when all is well. */
  async take(status: WorldStatus, spec: VmRunSpec): Promise<VmTrouble | null> {
    await this.#takeFilters(status, spec.name);
    return this.#takeSpace(status, spec);
  }

  async #takeSpace({ disks }: WorldStatus, spec: VmRunSpec): Promise<VmTrouble | null> {
    const full = disks.find(({ waitingForSpace }) => waitingForSpace > 0);
    const at = spec.disks.find(({ key }) => key === full?.key)?.datastoreId;
    const datastore = this.#host.datastores.list().find(({ config }) => config.id === at);
    const name = datastore?.config.name ?? at ?? '';
    const message = full ? `No space on datastore ${name}: ${spec.name} waits for room.` : '';
    const trouble = full ? ({ kind: 'noSpace', datastoreId: at ?? '', message } as const) : null;
    if (message === this.#noSpace) return trouble;
    const wasFull = this.#noSpace !== '';
    this.#noSpace = message;
    const vmId = this.#vmId;
    await this.#host.events.add(
      message === '' && wasFull
        ? { ...HAS_ROOM, message: `${spec.name} goes on: its datastore has room again.`, vmId }
        : { ...NO_ROOM, message, vmId },
    );
    return trouble;
  }

  async #takeFilters(
    { pid, filterFaults, filterEvents }: WorldStatus,
    vmName: string,
  ): Promise<void> {
    // Sequences start anew in each world.
    if (pid !== this.#pid) this.#faultSequence = this.#eventSequence = 0;
    this.#pid = pid;
    for (const { sequence, diskKey, filter, operation, message } of filterFaults) {
      if (sequence <= this.#faultSequence) continue;
      this.#faultSequence = sequence;
      if (!this.#isDue(`${diskKey} ${filter}`)) continue;
      const text = `The I/O filter ${filter} failed a ${operation} on disk ${diskKey}: ${message}`;
      const event = { type: 'IoFilterFault', severity: 'warning', message: text } as const;
      await this.#host.events.add({ ...event, vmId: this.#vmId });
    }
    for (const { sequence, diskKey, filter, severity, message } of filterEvents) {
      if (sequence <= this.#eventSequence) continue;
      this.#eventSequence = sequence;
      const text = `${filter}: ${message} (${vmName}, disk ${diskKey})`;
      await this.#host.events.add({
        ...{ type: 'IoFilterEvent', severity, message: text },
        vmId: this.#vmId,
      });
    }
  }

  #isDue(key: string): boolean {
    const now = this.#host.clock.monotonic();
    const last = this.#reportedAt.get(key);
    if (last !== undefined && now - last < INTERVAL_MS) return false;
    this.#reportedAt.set(key, now);
    return true;
  }
}
