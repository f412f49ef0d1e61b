// Carries out what planMending asks for. Each mending is tried again with a growing wait while it
// fails.
import type { Logger } from 'pino';
import { backoffMs } from '../../base/backoff.ts';
import { randomHex } from '../../base/random.ts';
import { toFaultRecord } from '../../model/fault.ts';
import { datastoreTypeSchema } from '../../model/inventory.ts';
import { suspendVm } from '../../wire/agent/disk-rpc.ts';
import {
  configure,
  finishIncoming,
  powerOffVm,
  powerOnVm,
  setMaintenanceMode,
  unregisterVm,
} from '../../wire/agent/host-rpc.ts';
import { recordChanges } from '../changes/record-change.ts';
import { transact } from '../changes/transact.ts';
import type { Host } from '../database/generated/client.ts';
import { postEvent } from '../events/post-event.ts';
import type { TaskServices } from '../tasks/task-context.ts';
import { findVm, toRunSpec } from '../vms/vm-store.ts';
import type { Mending, WantedHost } from './plan-mending.ts';
import { isStillNeeded } from './still-needed.ts';

const RETRY = { firstMs: 2_000, maxMs: 60_000 };

export class Mender {
  readonly #services: TaskServices;
  readonly #logger: Logger;
  /** Mendings that run, or failed and wait: by kind and VM. */
  readonly #busy = new Set<string>();
  readonly #failures = new Map<string, { count: number; retryAt: number; message: string }>();

  constructor(services: TaskServices, logger: Logger) {
    this.#services = services;
    this.#logger = logger;
  }

  /** Starts what is not under way already; does not wait for it. */
  start(host: Host, wanted: WantedHost, mendings: Mending[]): void {
    const keys = new Set(mendings.map(keyOf));
    for (const key of this.#failures.keys()) if (!keys.has(key)) this.#failures.delete(key);
    for (const mending of mendings) {
      const key = keyOf(mending);
      const failed = this.#failures.get(key);
      if (this.#busy.has(key) || (failed && failed.retryAt > this.#services.clock.monotonic())) {
        continue;
      }
      this.#busy.add(key);
      // Fresh each time: a host answers a key that it knows from memory, without doing anything.
      const operationKey = `mend:${key}:${randomHex(this.#services.random, 8)}`;
      this.#perform({ host, wanted, mending, operationKey })
        .then(() => this.#failures.delete(key))
        .catch((error: unknown) => this.#onFailure(host, mending, error))
        .finally(() => this.#busy.delete(key));
    }
  }

  async #perform({
    host,
    wanted,
    mending,
    operationKey,
  }: {
    host: Host;
    wanted: WantedHost;
    mending: Mending;
    operationKey: string;
  }): Promise<void> {
    const { agents } = this.#services;
    if (!(await isStillNeeded(this.#services, { host, wanted, mending }))) return;
    this.#logger.info({ host: host.name, mending }, 'mending');
    switch (mending.kind) {
      case 'configure': {
        const datastores = wanted.mounts.map(({ type, options = {}, ...mount }) => ({
          ...mount,
          type: datastoreTypeSchema.parse(type),
          options,
        }));
        await agents.call(host, configure, { hostId: host.id, name: host.name, datastores });
        return;
      }
      case 'setMaintenanceMode':
        await agents.call(host, setMaintenanceMode, { enabled: mending.enabled });
        return;
      case 'powerOn':
        return this.#powerOn(host, mending.vmId, operationKey);
      case 'powerOff':
        await agents.call(host, powerOffVm, { operationKey, vmId: mending.vmId });
        return;
      case 'suspend':
        await agents.call(host, suspendVm, { operationKey, vmId: mending.vmId });
        return;
      case 'unregister':
        await agents.call(host, unregisterVm, { operationKey, vmId: mending.vmId });
        return;
      case 'clearPlace':
        await agents.call(host, finishIncoming, { operationKey, vmId: mending.vmId });
        return;
      case 'adopt':
        return this.#adopt(host, mending.vmId);
    }
  }

  async #powerOn(host: Host, vmId: string, operationKey: string): Promise<void> {
    const { db, agents } = this.#services;
    const vm = await findVm(db, vmId);
    await agents.call(host, powerOnVm, { operationKey, vm: toRunSpec(vm) });
    await this.#post({
      type: 'VmPoweredOnEvent',
      severity: 'info',
      message: `${vm.name} was powered on again on ${host.name}, because it shall run.`,
      objects: [vmId, host.id],
    });
  }

  async #adopt(host: Host, vmId: string): Promise<void> {
    await transact(this.#services.db, async (tx) => {
      const vm = await findVm(tx, vmId);
      const stays = vm.host.datacenterId === host.datacenterId;
      const data = { hostId: host.id, ...(stays ? {} : { folderId: null }) };
      await tx.vm.update({ where: { id: vmId }, data });
      await postEvent(tx, {
        type: 'VmRegisteredEvent',
        severity: 'warning',
        message:
          `${vm.name} runs on ${host.name}, not on ${vm.host.name}: ` +
          'it is registered there now.',
        objects: [vmId, host.id, vm.hostId],
      });
      const ids = [vmId, host.id, vm.hostId];
      await recordChanges(
        tx,
        ids.map((id) => ({ object: id, path: 'host' })),
      );
    });
  }

  async #onFailure(host: Host, mending: Mending, error: unknown): Promise<void> {
    const { clock } = this.#services;
    const key = keyOf(mending);
    const before = this.#failures.get(key);
    const { message } = toFaultRecord(error);
    const count = (before?.count ?? 0) + 1;
    const retryAt = clock.monotonic() + backoffMs(RETRY, count - 1);
    this.#failures.set(key, { count, retryAt, message });
    this.#logger.warn({ host: host.name, mending, err: error }, 'mending failed');
    if (before?.message === message || mending.kind !== 'powerOn') return;
    await this.#post({
      type: 'VmFailedToPowerOnEvent',
      severity: 'error',
      message: `A VM that shall run on ${host.name} could not be powered on: ${message}`,
      objects: [mending.vmId, host.id],
    });
  }

  async #post(event: Parameters<typeof postEvent>[1]): Promise<void> {
    try {
      await transact(this.#services.db, (tx) => postEvent(tx, event));
    } catch (error) {
      this.#logger.warn({ err: error }, 'an event could not be written');
    }
  }
}

function keyOf(mending: Mending): string {
  return 'vmId' in mending ? `${mending.kind}:${mending.vmId}` : mending.kind;
}
