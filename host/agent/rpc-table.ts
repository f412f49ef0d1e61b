// Which call of the controller does what on this host.
import { z } from 'zod';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import type { Rpc } from '#lib/wire/agent/rpc.ts';
import { createVmFiles } from '../datastore/create-vm.ts';
import type { HostAgent } from './host-agent.ts';
import type { ReportProgress } from './operations.ts';
import { reportOf } from './report.ts';
import { type BoundRpc, handle } from './rpc-server.ts';
import { installVib, removeVib } from './vib-operations.ts';
import { finishIncoming, migrateOut, prepareIncoming } from './vm/vm-migration.ts';
import { powerOffVm, powerOnVm, setDiskFilters, unregisterVm } from './vm/vm-power.ts';
import { startWorkload } from './vm-workloads.ts';

export function rpcTable(agent: HostAgent): BoundRpc[] {
  return [...hostCalls(agent), ...imageCalls(agent), ...vmCalls(agent), ...ioCalls(agent)];
}

function hostCalls(agent: HostAgent): BoundRpc[] {
  const { host, identity } = agent;
  return [
    handle(calls.report, async (input, signal) => {
      if (input.knownBootId === agent.bootId) {
        await host.revision.waitBeyond(input.knownRevision, input.waitMs, signal);
      }
      return reportOf(agent, input.afterEvent);
    }),
    handle(calls.configure, async ({ hostId, name, datastores }) => {
      await host.datastores.mount(datastores);
      await identity.set({ ...identity.value, hostId, name, datastores });
      host.revision.bump();
      return {};
    }),
    handle(calls.setMaintenanceMode, async ({ enabled }) => {
      await identity.set({ ...identity.value, maintenanceMode: enabled });
      host.revision.bump();
      return {};
    }),
  ];
}

function imageCalls(agent: HostAgent): BoundRpc[] {
  return [
    keyed(agent, calls.installVib, (input, report) => installVib(agent, input, report)),
    keyed(agent, calls.removeVib, async ({ vibId }) => {
      await removeVib(agent, vibId);
      return {};
    }),
    handle(calls.setAcceptanceLevel, async ({ level }) => {
      await agent.image.setAcceptanceLevel(level);
      agent.host.revision.bump();
      return {};
    }),
  ];
}

function vmCalls(agent: HostAgent): BoundRpc[] {
  const { host, vms } = agent;
  return [
    keyed(agent, calls.createVm, async ({ vm, contents }) => {
      const resolve = (id: string, path: string) => host.datastores.resolve(id, path);
      return { warnings: await createVmFiles({ vm, contents, random: host.random, resolve }) };
    }),
    keyed(agent, calls.powerOnVm, ({ vm }) => powerOnVm(host, vms, vm)),
    keyed(agent, calls.powerOffVm, async ({ vmId }) => {
      await powerOffVm(vms, vmId);
      return {};
    }),
    keyed(agent, calls.unregisterVm, async ({ vmId }) => {
      await unregisterVm(vms, vmId);
      return {};
    }),
    keyed(agent, calls.setDiskFilters, (change) => setDiskFilters(host, vms, change)),
    keyed(agent, calls.prepareIncoming, ({ vm }) => prepareIncoming(host, vms, vm)),
    keyed(agent, calls.migrateOut, (input) => migrateOut(host, vms, input)),
    keyed(agent, calls.finishIncoming, ({ vmId }) => finishIncoming(host, vms, vmId)),
  ];
}

function ioCalls(agent: HostAgent): BoundRpc[] {
  const { vms, workloads } = agent;
  return [
    handle(calls.sampleVms, async () => {
      const running = vms.list().filter((runner) => runner.isRunning);
      const samples = await Promise.allSettled(
        running.map(async ({ vmId, client }) => ({ vmId, sample: await client.sample() })),
      );
      // A world that ends at this moment has no numbers.
      return { samples: samples.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : [])) };
    }),
    handle(calls.readIoTrace, ({ vmId, ...which }) => vms.require(vmId).client.ioTrace(which)),
    keyed(agent, calls.startWorkload, (input) => startWorkload(agent, input)),
    handle(calls.stopWorkload, async ({ workloadId }) => {
      workloads.stop(workloadId);
      return {};
    }),
  ];
}

/** A call that changes something: joined, or answered again, by its operation key. */
function keyed<Input extends z.ZodType<{ operationKey: string }>, Output extends z.ZodType>(
  { operations }: HostAgent,
  rpc: Rpc<Input, Output>,
  work: (input: z.output<Input>, report: ReportProgress) => Promise<z.input<Output>>,
): BoundRpc {
  const { name, input, timeoutMs } = rpc;
  const unparsed: Rpc<Input, z.ZodUnknown> = { name, input, timeoutMs, output: z.unknown() };
  return handle(unparsed, async (given) => {
    const operation = { operationKey: given.operationKey, kind: name };
    const result = await operations.run(operation, async (report) =>
      z.json().parse(await work(given, report)),
    );
    return rpc.output.parse(result);
  });
}
