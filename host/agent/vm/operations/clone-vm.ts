// Makes another VM of one that is off, or of a snapshot: its disks copied, or, for a linked clone,
// built on the snapshot's. The new VM is there when its .vmx is.
import { dirname } from 'node:path';
import type { z } from 'zod';
import { formatVmx, parseVmx } from '#lib/formats/vmx/vmx.ts';
import { Fault } from '#lib/model/fault.ts';
import type { cloneVm as call, VmLayout } from '#lib/wire/agent/disk-rpc.ts';
import { spellingFor, vmxOfLayout } from '../../../datastore/vm-home.ts';
import { vmxOf } from '../../../datastore/vmx-of-vm.ts';
import type { Operation } from '../../../world/operations/operation.ts';
import type { Intent } from '../vm-intent.ts';
import { isFree } from './disk-names.ts';
import { newMark, type OnVm } from './on-vm.ts';
import { operate } from './operate.ts';

type Input = z.output<typeof call.input>;
type Places = Extract<Operation, { kind: 'clone' }>['disks'];

export async function cloneVm(on: OnVm, input: Input) {
  const { target, linked, provisioning } = input;
  const { host } = on;
  const sources = sourcesOf(on, input);
  const disks: Places = [];
  for (const disk of target.disks) {
    const source = sources.get(disk.key);
    if (source === undefined) {
      const message = `${on.vm.name} has no disk with the key ${disk.key} to copy.`;
      throw new Fault('InvalidArgument', message);
    }
    const sourcePath = await host.datastores.resolve(source.datastoreId, source.path);
    const targetPath = await host.datastores.resolve(disk.datastoreId, disk.path);
    const flat = targetPath.replace(/\.vmdk$/, '-flat.vmdk');
    const delta = targetPath.replace(/\.vmdk$/, '-delta.vmdk');
    if (!(await isFree([targetPath, flat, delta], host.files))) {
      throw new Fault('AlreadyExists', `The file ${disk.path} exists.`);
    }
    disks.push({ key: disk.key, sourcePath, targetPath, provisioning });
  }
  const layout: VmLayout = {
    datastoreId: target.datastoreId,
    vmxPath: target.vmxPath,
    disks: target.disks.map((disk) => ({
      ...disk,
      capacityBytes: sources.get(disk.key)?.capacityBytes ?? disk.capacityBytes,
    })),
    snapshots: [],
    currentSnapshotId: null,
  };
  const intent = await intentForTarget(on, input, disks, layout);
  const result = await operate(on, { kind: 'clone', disks, linked }, intent);
  return { layout, copiedBytes: result.copiedBytes };
}

interface Source {
  datastoreId: string;
  path: string;
  capacityBytes: number;
}

/** What to copy, by disk key. */
function sourcesOf(on: OnVm, { snapshotId, linked }: Input): Map<number, Source> {
  const { home, vm, isOn } = on;
  if (snapshotId === null) {
    if (linked) {
      const message = `A linked clone builds on a snapshot; name one of ${vm.name}.`;
      throw new Fault('InvalidArgument', message);
    }
    if (isOn) {
      const message = `${vm.name} is on; clone one of its snapshots, or power it off.`;
      throw new Fault('InvalidPowerState', message);
    }
    return new Map(home.layout.disks.map((disk) => [disk.key, disk]));
  }
  const snapshot = home.layout.snapshots.find(({ id }) => id === snapshotId);
  if (!snapshot) throw new Fault('NotFound', `${vm.name} has no snapshot ${snapshotId}.`);
  return new Map(snapshot.disks.map((disk) => [disk.key, disk]));
}

async function intentForTarget(
  on: OnVm,
  { target }: Input,
  disks: Places,
  layout: VmLayout,
): Promise<Intent> {
  const { host, operationKey } = on;
  const vmxPath = await host.datastores.resolve(target.datastoreId, target.vmxPath);
  if (!(await isFree([vmxPath], host.files))) {
    throw new Fault('AlreadyExists', `The file ${target.vmxPath} exists.`);
  }
  const mark = newMark(on);
  const spell = spellingFor(dirname(vmxPath), host.datastores);
  const vmx = parseVmx(formatVmx(vmxOf(target, [])));
  const folders = new Set([
    dirname(vmxPath),
    ...disks.map(({ targetPath }) => dirname(targetPath)),
  ]);
  return {
    operationKey,
    mark,
    markBefore: null,
    commit: {
      mark,
      vmxPath,
      vmx: await vmxOfLayout({ vmx, layout }, spell, mark),
      followUps: [],
    },
    created: disks.map(({ targetPath }) => targetPath),
    createdFolders: [...folders],
    obsolete: [],
    reparented: [],
    obsoleteFiles: [],
    spec: on.runner.record.spec,
    answer: { layout, copiedBytes: 0 },
  };
}
