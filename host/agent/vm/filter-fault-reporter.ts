// Turns what a world reports of its filters into host events: the failures, one a minute for each
// filter of a disk at most, and the events that filters raise.
import type { WorldStatus } from '../../world/control.ts';
import type { HostContext } from '../host-context.ts';

const INTERVAL_MS = 60_000;

export class FilterFaultReporter {
  readonly #host: HostContext;
  readonly #vmId: string;
  readonly #reportedAt = new Map<string, number>();
  #pid = 0;
  #faultSequence = 0;
  #eventSequence = 0;

  constructor(host: HostContext, vmId: string) {
    this.#host = host;
    this.#vmId = vmId;
  }

  async take({ pid, filterFaults, filterEvents, vmName }: WorldReportOfFilters): Promise<void> {
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

type WorldReportOfFilters = Pick<WorldStatus, 'pid' | 'filterFaults' | 'filterEvents'> & {
  vmName: string;
};
