// The last failures of a world's filters and the events that they raised, numbered, for the agent
// to read.
import type { Clock } from '#lib/base/clock.ts';
import type { FilterFaultReport } from '../chain/chain.ts';
import type { FilterEventReport } from '../disk/disk-filters.ts';
import type { WorldStatus } from './control.ts';

const KEPT = 100;

export interface FilterNoticesParts {
  clock: Clock;
  log(level: 'info' | 'warning' | 'error', message: string): void;
}

export class FilterNotices {
  readonly #parts: FilterNoticesParts;
  #faults: WorldStatus['filterFaults'] = [];
  #faultSequence = 0;
  #events: WorldStatus['filterEvents'] = [];
  #eventSequence = 0;

  constructor(parts: FilterNoticesParts) {
    this.#parts = parts;
  }

  /** Newest last. */
  get faults(): WorldStatus['filterFaults'] {
    return this.#faults;
  }

  get events(): WorldStatus['filterEvents'] {
    return this.#events;
  }

  addFault(diskKey: number, report: FilterFaultReport): void {
    const { filter, operation, message } = report;
    this.#faultSequence += 1;
    const at = this.#parts.clock.now();
    const entry = { sequence: this.#faultSequence, at, diskKey, filter, operation, message };
    this.#faults = [...this.#faults.slice(1 - KEPT), entry];
    // One that fails on every I/O must not fill the disk with its complaints.
    const loud = this.#faultSequence <= KEPT || this.#faultSequence % 1000 === 0;
    if (!loud) return;
    this.#parts.log('error', `The filter ${filter} failed in ${operation}: ${message}`);
  }

  addEvent(diskKey: number, report: FilterEventReport): void {
    this.#eventSequence += 1;
    const at = this.#parts.clock.now();
    const entry = { sequence: this.#eventSequence, at, diskKey, ...report };
    this.#events = [...this.#events.slice(1 - KEPT), entry];
    this.#parts.log(report.severity, `${report.filter}: ${report.message}`);
  }
}
