// The controller's calls about snapshots and whole disks. What they answer stands in the VM's
// record until the next of them, so that one that was cut off is answered when it is asked again.
import type { z } from 'zod';
import type { Json } from '#lib/base/json.ts';
import * as calls from '#lib/wire/agent/disk-rpc.ts';
import type { VmRunSpec } from '#lib/wire/agent/host-rpc.ts';
import type { Rpc } from '#lib/wire/agent/rpc.ts';
import { readVmHome } from '../datastore/vm-home.ts';
import type { HostAgent } from './host-agent.ts';
import { type BoundRpc, handle, keyed } from './rpc-server.ts';
import { attachDisk } from './vm/operations/attach-disk.ts';
import { cloneVm } from './vm/operations/clone-vm.ts';
import { createSnapshot } from './vm/operations/create-snapshot.ts';
import { destroyVm } from './vm/operations/destroy-vm.ts';
import { detachDisk } from './vm/operations/detach-disk.ts';
import { readDiskStorage } from './vm/operations/disk-storage.ts';
import { nextMerge, readDiskTree } from './vm/operations/disk-tree.ts';
import { growDisk } from './vm/operations/grow-disk.ts';
import { type OnVm, onVm } from './vm/operations/on-vm.ts';
import { resetVm, suspendVm } from './vm/operations/power.ts';
import { relocateVm } from './vm/operations/relocate-vm.ts';
import { consolidateDisks, removeSnapshot } from './vm/operations/remove-snapshot.ts';
import { renameSnapshot } from './vm/operations/rename-snapshot.ts';
import { renameVm } from './vm/operations/rename-vm.ts';
import { revertToSnapshot } from './vm/operations/revert-to-snapshot.ts';

export function diskCalls(agent: HostAgent): BoundRpc[] {
  const { host, vms, operations } = agent;
  return [
    handle(calls.readVmLayout, async ({ vm }) => {
      const { layout } = await readVmHome(vm, host.datastores);
      const storage = await readDiskStorage(layout, host);
      const tree = await readDiskTree(layout, host.datastores, host.files);
      const consolidationNeeded = nextMerge(tree) !== null;
      return { layout: { ...layout, storage, consolidationNeeded } };
    }),
    ofVm(agent, calls.createSnapshot, createSnapshot),
    ofVm(agent, calls.renameSnapshot, renameSnapshot),
    ofVm(agent, calls.renameVm, renameVm),
    ofVm(agent, calls.removeSnapshot, removeSnapshot),
    ofVm(agent, calls.consolidateDisks, consolidateDisks),
    ofVm(agent, calls.revertToSnapshot, revertToSnapshot),
    ofVm(agent, calls.growDisk, growDisk),
    ofVm(agent, calls.detachDisk, detachDisk),
    ofVm(agent, calls.attachDisk, attachDisk),
    ofVm(agent, calls.relocateVm, relocateVm),
    keyed(operations, calls.cloneVm, (input, job) =>
      onVm({ host, vms, job }, { ...input, vm: input.source }, (on) => cloneVm(on, input)),
    ),
    keyed(operations, calls.suspendVm, async ({ vmId }, job) => {
      await suspendVm({ host, vms, job }, vmId);
      return {};
    }),
    keyed(operations, calls.resetVm, async ({ vmId }, job) => {
      await resetVm({ host, vms, job }, vmId);
      return {};
    }),
    keyed(operations, calls.destroyVm, async ({ vm }) => {
      await destroyVm(host, vms, vm);
      return {};
    }),
    handle(calls.cancelOperation, async ({ operationKey }) => {
      agent.operations.cancel(operationKey);
      return {};
    }),
  ];
}

type OfVm = z.ZodType<{ vm: VmRunSpec; operationKey: string }>;

/** A call about the files of one VM. */
function ofVm<Input extends OfVm, Output extends z.ZodType<Json>>(
  agent: HostAgent,
  rpc: Rpc<Input, Output>,
  work: (on: OnVm, input: z.output<Input>) => Promise<Json>,
): BoundRpc {
  const { host, vms, operations } = agent;
  return keyed(operations, rpc, (input, job) =>
    onVm({ host, vms, job }, input, (on) => work(on, input)),
  );
}
