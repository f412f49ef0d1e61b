// What happened on this host, for the controller to read: numbered, durable, in order.
import type { z } from 'zod';
import type { Clock } from '#lib/base/clock.ts';
import type { EventSeverity } from '#lib/model/task.ts';
import { hostEventSchema } from '#lib/wire/agent/host-rpc.ts';
import type { Revision } from './revision.ts';
import { Journal } from './store/journal.ts';

/** So many events wait for a controller that is away. */
const EVENTS_KEPT = 2_000;
/** At most so many go into one report. */
const EVENTS_PER_REPORT = 200;

export type HostEvent = z.infer<typeof hostEventSchema>;

export interface NewEvent {
  type: string;
  severity: EventSeverity;
  message: string;
  vmId?: string;
}

export class HostEvents {
  readonly #journal: Journal<typeof hostEventSchema>;
  readonly #clock: Clock;
  readonly #revision: Revision;

  private constructor(journal: Journal<typeof hostEventSchema>, clock: Clock, revision: Revision) {
    this.#journal = journal;
    this.#clock = clock;
    this.#revision = revision;
  }

  static async open(path: string, clock: Clock, revision: Revision): Promise<HostEvents> {
    const journal = await Journal.open({ path, schema: hostEventSchema, keep: EVENTS_KEPT });
    return new HostEvents(journal, clock, revision);
  }

  /** Durable when it returns. */
  async add({ vmId, ...event }: NewEvent): Promise<void> {
    const sequence = (this.#journal.entries.at(-1)?.sequence ?? 0) + 1;
    const entry = { sequence, at: this.#clock.now(), ...event, vmId: vmId ?? null };
    const appended = this.#journal.append(entry);
    this.#revision.bump();
    await appended;
  }

  after(sequence: number): HostEvent[] {
    const newer = this.#journal.entries.filter((event) => event.sequence > sequence);
    return newer.slice(0, EVENTS_PER_REPORT);
  }

  close(): Promise<void> {
    return this.#journal.close();
  }
}
