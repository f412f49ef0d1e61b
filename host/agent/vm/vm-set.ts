// The VMs that this host knows, by id: those that run, those that are off, and those on their way
// in.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#lib/model/fault.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import { WorldClient } from '../../world/world-client.ts';
import type { HostContext } from '../host-context.ts';
import { createVmRecord, newVmRecord, openVmRecords, type VmRecord } from './vm-record.ts';
import { VmRunner } from './vm-runner.ts';

export class VmSet {
  readonly #host: HostContext;
  readonly #runners = new Map<string, VmRunner>();

  constructor(host: HostContext) {
    this.#host = host;
  }

  async load(): Promise<void> {
    for (const file of await openVmRecords(this.#host.paths.vms)) {
      const runner = new VmRunner(this.#host, file);
      this.#runners.set(runner.vmId, runner);
    }
    await this.#stopStrangers();
  }

  list(): VmRunner[] {
    return [...this.#runners.values()];
  }

  find(vmId: string): VmRunner | null {
    return this.#runners.get(vmId) ?? null;
  }

  /** Whether it is on, shall be, or is on its way in. */
  isWanted(vmId: string): boolean {
    const record = this.find(vmId)?.record;
    return record?.desired === 'poweredOn' || record?.place === 'incoming';
  }

  /** Throws `NotFound`. */
  require(vmId: string): VmRunner {
    const runner = this.#runners.get(vmId);
    if (runner) return runner;
    const { hostName } = this.#host.who();
    throw new Fault('NotFound', `The virtual machine ${vmId} is not registered on ${hostName}.`);
  }

  async findOrAdd(spec: VmRunSpec, place: VmRecord['place']): Promise<VmRunner> {
    const known = this.#runners.get(spec.vmId);
    if (known) return known;
    const file = await createVmRecord(this.#host.paths.vms, newVmRecord(spec, place));
    const runner = new VmRunner(this.#host, file);
    this.#runners.set(spec.vmId, runner);
    this.#host.revision.bump();
    return runner;
  }

  async forget(runner: VmRunner): Promise<void> {
    this.#runners.delete(runner.vmId);
    this.#host.keys.forget(runner.vmId);
    await runner.forget();
    this.#host.revision.bump();
  }

  /**
   * Ends worlds that answer here but belong to no VM of this host, such as those of a place that
   * was cleared.
   */
  async #stopStrangers(): Promise<void> {
    for (const name of await readdir(this.#host.paths.runtime)) {
      if (!name.endsWith('.ctl') || this.#runners.has(name.slice(0, -'.ctl'.length))) continue;
      const controlSocketPath = join(this.#host.paths.runtime, name);
      const client = new WorldClient({ controlSocketPath, clock: this.#host.clock });
      await client.stop().catch(() => {
        // Nobody listens there: only the socket was left.
      });
    }
  }
}
