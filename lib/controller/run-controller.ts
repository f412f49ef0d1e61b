// The controller: runs tasks, and, while it leads, follows the hosts, samples their VMs and runs
// DRS.

import { Fault } from '../model/fault.ts';
import type { Change } from './changes/follow-changes.ts';
import { followChanges } from './changes/follow-changes.ts';
import type { Host } from './database/generated/client.ts';
import { DrsLoop } from './drs/drs-loop.ts';
import { HaLoop } from './ha/ha-loop.ts';
import { resolveIoFilterOnHost } from './io-filters/resolve-io-filter.ts';
import { watchKeyServers } from './keys/key-servers.ts';
import { leadWhenPossible } from './leader-lock.ts';
import { watchOnlineDepots } from './online-depots/watch-depots.ts';
import { systemCaller } from './permissions/caller.ts';
import { Reconciler } from './reconciler/reconciler.ts';
import { watchTargets } from './replication/watch-targets.ts';
import { Sampler } from './samples/sampler.ts';
import { TASK_KINDS } from './tasks/registry.ts';
import { TaskRunner } from './tasks/runner.ts';
import { submit } from './tasks/submit.ts';
import type { TaskServices } from './tasks/task-context.ts';

export interface ControllerOptions {
  services: TaskServices;
  databaseUrl: string;
  /** Tells this process's leases from others'; new at each start. */
  owner: string;
  /** Ends it; the promise resolves when all that ran was given back. */
  signal: AbortSignal;
}

export async function runController(options: ControllerOptions): Promise<void> {
  const { services, databaseUrl, owner, signal } = options;
  const { clock, logger } = services;
  const runner = new TaskRunner({ services, kinds: TASK_KINDS, owner, signal });
  const listeners = new Set<(changes: Change[]) => void>();
  listeners.add((changes) => {
    if (changes.some(isTaskWork)) runner.wake();
  });
  await Promise.all([
    runner.run(),
    followChanges({
      databaseUrl,
      fromVersion: 'latest',
      clock,
      signal,
      onConnected: () => runner.wake(),
      onChanges: (changes) => {
        for (const listener of listeners) listener(changes);
      },
      onLost: (error) => logger.warn({ err: error }, 'lost the change log'),
    }),
    leadWhenPossible({
      databaseUrl,
      clock,
      signal,
      lead: (leading) => lead(services, listeners, leading),
      onError: (error) => logger.warn({ err: error }, 'leading ended'),
    }),
  ]);
}

async function lead(
  services: TaskServices,
  listeners: Set<(changes: Change[]) => void>,
  signal: AbortSignal,
): Promise<void> {
  services.logger.info('this controller leads');
  const onJoining = (host: Host, filterIds: string[]) =>
    installOnJoining(services, host, filterIds);
  const reconciler = new Reconciler({ services, onJoining, signal });
  const drs = new DrsLoop(services, signal);
  const ha = new HaLoop(services, signal);
  const listener = (changes: Change[]) => {
    reconciler.onChanges(changes);
    drs.onChanges(changes);
    ha.onChanges(changes);
  };
  listeners.add(listener);
  try {
    await Promise.all([
      reconciler.run(),
      drs.run(),
      ha.run(),
      new Sampler(services, signal).run(),
      watchKeyServers(services, signal),
      watchTargets(services, signal),
      watchOnlineDepots(services, signal),
    ]);
  } finally {
    listeners.delete(listener);
  }
}

/** A host that joined a cluster gets the cluster's filters. */
async function installOnJoining(
  { db, logger }: TaskServices,
  host: Host,
  filterIds: string[],
): Promise<void> {
  for (const filterId of filterIds) {
    try {
      await submit({
        db,
        caller: systemCaller('vCenter Server'),
        operation: resolveIoFilterOnHost,
        input: { hostId: host.id, filterId },
      });
    } catch (error) {
      // Another task holds the host: the next report asks again.
      if (!(error instanceof Fault)) throw error;
      logger.info({ host: host.name, reason: error.message }, 'a joining host waits');
    }
  }
}

function isTaskWork({ object, path }: Change): boolean {
  return object.startsWith('task-') && (path === 'queued' || path === 'cancelRequested');
}
