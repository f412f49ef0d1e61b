// Which call of the controller does what on this host.

import { setDaemonPeers } from '#lib/wire/agent/daemon-rpc.ts';
import { configureFlash, readFlash, removeFlashContent } from '#lib/wire/agent/flash-rpc.ts';
import * as calls from '#lib/wire/agent/host-rpc.ts';
import { importVm } from '#lib/wire/agent/import-rpc.ts';
import { putKeys, readFilterProgress, readKeyBox } from '#lib/wire/agent/key-rpc.ts';
import { readLockSigns } from '#lib/wire/agent/lock-rpc.ts';
import { readObjects } from '#lib/wire/agent/object-rpc.ts';
import { createVmFiles } from '../datastore/create-vm.ts';
import { systemProcesses } from '../datastore/process-identity.ts';
import { systemFiles } from '../datastore/small-files.ts';
import { importVm as importVmFiles } from '../import/import-vm.ts';
import { seeObjects } from '../volumes/read-objects.ts';
import { lockSignsOf } from './datastores/lock-signs.ts';
import type { HostAgent } from './host-agent.ts';
import { reportOf } from './report.ts';
import { diskCalls } from './rpc-disk-calls.ts';
import { type BoundRpc, handle, keyed } from './rpc-server.ts';
import { installVib, removeVib } from './vib-operations.ts';
import { finishIncoming, migrateOut, prepareIncoming } from './vm/vm-migration.ts';
import { powerOffVm, powerOnVm, setDiskFilters, unregisterVm } from './vm/vm-power.ts';
import { startWorkload } from './vm-workloads.ts';

export function rpcTable(agent: HostAgent): BoundRpc[] {
  const ofVms = [...vmCalls(agent), ...diskCalls(agent), ...ioCalls(agent)];
  return [...hostCalls(agent), ...flashCalls(agent), ...imageCalls(agent), ...ofVms];
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
    handle(readObjects, async ({ datastoreId }) => {
      const seen = await seeObjects(host.datastores.configOf(datastoreId));
      const { objectsDigest: digest = '', objectHealth = {}, objects = [] } = seen ?? {};
      return { digest, objectHealth, objects };
    }),
    handle(readLockSigns, async ({ disks }) => {
      const seams = { files: systemFiles, processes: systemProcesses };
      return { signs: await lockSignsOf({ datastores: host.datastores, ...seams }, disks) };
    }),
    handle(setDaemonPeers, async ({ peers }) => {
      agent.daemons.setPeers(peers);
      return {};
    }),
    handle(calls.setMaintenanceMode, async ({ enabled }) => {
      await identity.set({ ...identity.value, maintenanceMode: enabled });
      host.revision.bump();
      return {};
    }),
  ];
}

function flashCalls({ host, identity, operations }: HostAgent): BoundRpc[] {
  return [
    handle(readFlash, () => host.flashResource.read()),
    keyed(operations, configureFlash, async ({ capacityBytes }) => {
      const { hostId: id, name } = identity.value;
      await host.flashResource.configure({ id, name }, capacityBytes);
      return {};
    }),
    keyed(operations, removeFlashContent, async ({ contentId }) => {
      await host.flashResource.remove(identity.value.name, contentId);
      return {};
    }),
  ];
}

function imageCalls(agent: HostAgent): BoundRpc[] {
  const { operations } = agent;
  return [
    keyed(operations, calls.installVib, (input, { report }) => installVib(agent, input, report)),
    keyed(operations, calls.removeVib, async ({ vibId }) => {
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
  const { host, vms, operations } = agent;
  return [
    keyed(operations, calls.createVm, async ({ vm, contents }) => {
      const { random, objects } = host;
      const resolve = (id: string, path: string) => host.datastores.resolve(id, path);
      return { warnings: await createVmFiles({ vm, contents, random, objects, resolve }) };
    }),
    keyed(operations, importVm, async ({ vm, sources }, job) => {
      const { clock, random, objects } = host;
      const resolve = (id: string, path: string) => host.datastores.resolve(id, path);
      const request = { vm, sources, clock, random, objects, resolve, ...job };
      return { warnings: await importVmFiles(request) };
    }),
    handle(readKeyBox, async () => ({ publicKey: host.keys.box.publicKey })),
    handle(putKeys, async ({ vmId, sealed }) => {
      host.keys.putSealed(vmId, sealed);
      await vms.find(vmId)?.keysCame();
      return {};
    }),
    keyed(operations, calls.powerOnVm, ({ vm }) => powerOnVm(host, vms, vm)),
    keyed(operations, calls.powerOffVm, async ({ vmId }) => {
      await powerOffVm(vms, vmId);
      return {};
    }),
    keyed(operations, calls.unregisterVm, async ({ vmId }) => {
      await unregisterVm(vms, vmId);
      return {};
    }),
    keyed(operations, calls.setDiskFilters, (change) => setDiskFilters(host, vms, change)),
    keyed(operations, calls.prepareIncoming, ({ vm }) => prepareIncoming(host, vms, vm)),
    keyed(operations, calls.migrateOut, (input) => migrateOut(host, vms, input)),
    keyed(operations, calls.finishIncoming, ({ vmId }) => finishIncoming(host, vms, vmId)),
  ];
}

function ioCalls(agent: HostAgent): BoundRpc[] {
  const { vms, workloads, operations } = agent;
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
    handle(readFilterProgress, async ({ vmId, diskKey }) => {
      const { disks } = await vms.require(vmId).client.status();
      return { progress: disks.find(({ key }) => key === diskKey)?.progress ?? [] };
    }),
    keyed(operations, calls.startWorkload, (input) => startWorkload(agent, input)),
    handle(calls.stopWorkload, async ({ workloadId }) => {
      workloads.stop(workloadId);
      return {};
    }),
  ];
}
