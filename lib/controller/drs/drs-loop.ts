// Runs DRS on every cluster that has it enabled, each minute and soon after a change that matters.
// In a fully automated cluster it carries its recommendations out itself, a few at a time, and
// leaves a VM alone for a while.
import { sleep } from '../../base/clock.ts';
import { Fault } from '../../model/fault.ts';
import type { Change } from '../changes/follow-changes.ts';
import { recordChange } from '../changes/record-change.ts';
import type { Recommendation } from '../database/generated/client.ts';
import { systemCaller } from '../permissions/caller.ts';
import { submit } from '../tasks/submit.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { DRS_MIGRATION, migrate } from '../vms/migrate.ts';
import { runDrs } from './run-drs.ts';

const PERIOD_MS = 60_000;
/** Changes within this time lead to one run. */
const SETTLE_MS = 3_000;
const MOVES_AT_ONCE = 2;
const COOL_DOWN_MS = 5 * 60_000;

const WAKING = new Set([
  'drs',
  'connectionState',
  'maintenanceState',
  'host',
  'vibs',
  'powerState',
]);

export class DrsLoop {
  readonly #services: TaskServices;
  readonly #signal: AbortSignal;
  #wake = new AbortController();

  constructor(services: TaskServices, signal: AbortSignal) {
    this.#services = services;
    this.#signal = signal;
  }

  onChanges(changes: Change[]): void {
    if (changes.some(({ path }) => WAKING.has(path))) this.#wake.abort();
  }

  /** Runs until the signal aborts. */
  async run(): Promise<void> {
    const { clock, db, logger } = this.#services;
    const stop = () => this.#wake.abort();
    this.#signal.addEventListener('abort', stop);
    while (!this.#signal.aborted) {
      this.#wake = new AbortController();
      try {
        const clusters = await db.cluster.findMany({ where: { drsEnabled: true } });
        for (const { id, drsBehavior } of clusters) await this.#runOn(id, drsBehavior);
      } catch (error) {
        logger.warn({ err: error }, 'DRS could not run');
      }
      await sleep(clock, PERIOD_MS, this.#wake.signal);
      await sleep(clock, SETTLE_MS, this.#signal);
    }
    this.#signal.removeEventListener('abort', stop);
  }

  async #runOn(clusterId: string, behavior: string): Promise<void> {
    const { db, random, clock } = this.#services;
    const pending = await runDrs({ db, random, now: clock.now() }, clusterId);
    if (behavior !== 'fullyAutomated') return;
    const cool = await this.#readCooling();
    const ready = pending.filter(({ vmId }) => !cool.has(vmId));
    for (const recommendation of ready.slice(0, MOVES_AT_ONCE)) await this.#apply(recommendation);
  }

  /** VMs that moved a short while ago. */
  async #readCooling(): Promise<Set<string>> {
    const { db, clock } = this.#services;
    const since = new Date(clock.now() - COOL_DOWN_MS);
    const tasks = await db.task.findMany({
      where: { operation: DRS_MIGRATION.key, queuedAt: { gt: since } },
      select: { targetId: true },
    });
    return new Set(tasks.map(({ targetId }) => targetId));
  }

  async #apply({ id, vmId, toHostId, clusterId }: Recommendation): Promise<void> {
    const { db, logger } = this.#services;
    try {
      await submit({
        db,
        caller: systemCaller('DRS'),
        operation: migrate,
        input: { vmId, hostId: toHostId },
        showAs: DRS_MIGRATION,
        async attach(tx, taskId) {
          await tx.recommendation.update({ where: { id }, data: { state: 'applied', taskId } });
          await recordChange(tx, { object: clusterId, path: 'recommendations' });
        },
      });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      logger.info({ fault: error.message, vmId }, 'a recommendation could not be applied');
    }
  }
}
