// Moves disks of a VM, with their snapshots, and its home to other datastores, also while it works.
// The old files are deleted when the new .vmx counts.
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import type { relocateVm as call, Provisioning, VmLayout } from '#lib/wire/agent/disk-rpc.ts';
import { movedVmx, spellingFor, vmsdOfLayout, vmxOfLayout } from '../../../datastore/vm-home.ts';
import { spareFor, sparePathOf } from '../../../datastore/vmx/vmx-spare.ts';
import type { Intent } from '../vm-intent.ts';
import { isFree } from './disk-names.ts';
import { type DiskTree, isOwn, parentOf, readDiskTree } from './disk-tree.ts';
import { requireNoLinkedClones } from './linked-clones.ts';
import { newMark, type OnVm } from './on-vm.ts';
import { operate } from './operate.ts';

type Input = z.output<typeof call.input>;

interface NewHome {
  mark: string;
  vmsd: { path: string; text: string };
  vmxPath: string;
  vmx: string;
}

interface Layer {
  sourcePath: string;
  targetPath: string;
  parentPath: string | null;
  provisioning: Provisioning;
}

export async function relocateVm(on: OnVm, input: Input) {
  const { host, home } = on;
  const tree = await readDiskTree(home.layout, host.datastores, host.files);
  const disks: { key: number; layers: Layer[] }[] = [];
  for (const wanted of input.disks) {
    const layers = await layersOf(on, tree, wanted);
    if (layers.length > 0) disks.push({ key: wanted.key, layers });
  }
  const moved = new Map(
    disks.flatMap(({ layers }) => layers).map((each) => [each.sourcePath, each]),
  );
  const frozen = [...moved.keys()].filter((path) => tree.frozen.has(path));
  await requireNoLinkedClones(host, frozen, `the disks of ${on.vm.name} cannot move`);
  for (const { targetPath } of moved.values()) await requireFree(on, targetPath);
  const layout = await layoutAfter(on, input, moved);
  const result = { layout, pauseMs: 0, heldIos: 0, copiedBytes: 0 };
  const homeStays =
    layout.vmxPath === home.layout.vmxPath && layout.datastoreId === home.layout.datastoreId;
  if (moved.size === 0 && homeStays) return result;
  const intent = await intentOfMove(on, layout, { moved, homeStays });
  intent.answer = result;
  const { pauseMs, heldIos, copiedBytes } = await operate(on, { kind: 'relocate', disks }, intent);
  return { layout, pauseMs, heldIos, copiedBytes };
}

/** The files of one disk's tree, parents first; none when it is there already. */
async function layersOf(
  { vm, host }: OnVm,
  tree: DiskTree,
  { key, datastoreId, path, provisioning }: Input['disks'][number],
): Promise<Layer[]> {
  const running = tree.running.get(key);
  if (running === undefined) {
    throw new Fault('NotFound', `${vm.name} has no disk with the key ${key}.`);
  }
  const wanted = await host.datastores.resolve(datastoreId, path);
  if (wanted === running) return [];
  const heads = [running, ...[...tree.frozen].filter(([, at]) => at === key).map(([head]) => head)];
  const sources: string[] = [];
  for (const head of heads) {
    const chain: string[] = [];
    for (let at: string | null = head; at !== null; at = tree.parents.get(at) ?? null) {
      if (!isOwn(tree, at)) break;
      chain.unshift(at);
    }
    for (const each of chain) if (!sources.includes(each)) sources.push(each);
  }
  // A disk without snapshots gets the name that was asked for; a tree keeps its names.
  const folder = dirname(wanted);
  const target = (source: string): string =>
    sources.length === 1 ? wanted : join(folder, basename(source));
  const layers: Layer[] = [];
  for (const sourcePath of sources) {
    const parent = await parentOf(sourcePath, host.files);
    const parentPath = parent !== null && sources.includes(parent) ? target(parent) : parent;
    layers.push({ sourcePath, targetPath: target(sourcePath), parentPath, provisioning });
  }
  return layers.every(({ sourcePath, targetPath }) => sourcePath === targetPath) ? [] : layers;
}

async function requireFree({ host }: OnVm, targetPath: string): Promise<void> {
  const base = targetPath.replace(/\.vmdk$/, '');
  const paths = [targetPath, `${base}-flat.vmdk`, `${base}-delta.vmdk`];
  if (await isFree(paths, host.files)) return;
  throw new Fault('AlreadyExists', `The file ${targetPath} exists.`);
}

async function layoutAfter(
  { host, home }: OnVm,
  input: Input,
  moved: ReadonlyMap<string, Layer>,
): Promise<VmLayout> {
  const place = async <Disk extends { datastoreId: string; path: string }>(
    disk: Disk,
  ): Promise<Disk> => {
    const full = await host.datastores.resolve(disk.datastoreId, disk.path);
    const layer = moved.get(full);
    return layer ? { ...disk, ...(await host.datastores.locate(layer.targetPath)) } : disk;
  };
  const { disks, snapshots, currentSnapshotId } = home.layout;
  const { datastoreId, vmxPath } = input.home ?? home.layout;
  return {
    datastoreId,
    vmxPath,
    disks: await Promise.all(disks.map(place)),
    snapshots: await Promise.all(
      snapshots.map(async (each) => ({ ...each, disks: await Promise.all(each.disks.map(place)) })),
    ),
    currentSnapshotId,
  };
}

async function intentOfMove(
  on: OnVm,
  layout: VmLayout,
  { moved, homeStays }: { moved: ReadonlyMap<string, Layer>; homeStays: boolean },
): Promise<Intent> {
  const { host, home, vm, operationKey } = on;
  const vmxPath = await host.datastores.resolve(layout.datastoreId, layout.vmxPath);
  if (!homeStays && !(await isFree([vmxPath], host.files))) {
    throw new Fault('AlreadyExists', `The file ${layout.vmxPath} exists.`);
  }
  const mark = newMark(on);
  const spell = spellingFor(dirname(vmxPath), host.datastores);
  const vmsd = {
    path: vmxPath.replace(/(\.vmx)?$/, '.vmsd'),
    text: await vmsdOfLayout(layout, home.lastUid, spell),
  };
  const vmx = await vmxOfLayout({ vmx: home.vmx, layout }, spell, mark);
  const targets = [...moved.values()].map(({ targetPath }) => targetPath);
  const { datastoreId, vmxPath: homePath, disks } = layout;
  const stays = { vmxPath, vmx, followUps: [vmsd] };
  return {
    operationKey,
    mark,
    markBefore: home.mark,
    commit: {
      mark,
      ...(homeStays ? stays : await moveOfHome(on, layout, { mark, vmsd, vmxPath, vmx })),
    },
    createdFiles: homeStays ? [] : [vmsd.path, sparePathOf(vmxPath), vmxPath],
    created: targets,
    createdFolders: [...new Set([dirname(vmxPath), ...targets.map((path) => dirname(path))])],
    // Children before their parents.
    obsolete: [...moved.keys()].toReversed(),
    reparented: [],
    obsoleteFiles: homeStays ? [] : [home.vmxPath, home.vmsdPath, sparePathOf(home.vmxPath)],
    spec: { ...vm, datastoreId, vmxPath: homePath, disks },
    answer: null,
  };
}

/**
 * The home moves when the .vmx in the old one says so, in one step: a host that takes the VM over
 * looks there, and must find it before or after, not in both places.
 */
async function moveOfHome(
  { home, host }: OnVm,
  layout: VmLayout,
  { mark, vmsd, vmxPath, vmx }: NewHome,
): Promise<Omit<Intent['commit'], 'mark'>> {
  const spell = spellingFor(dirname(home.vmxPath), host.datastores);
  const left = await vmxOfLayout({ vmx: home.vmx, layout }, spell, mark);
  return {
    vmxPath: home.vmxPath,
    vmx: movedVmx(left, vmxPath),
    preparations: [
      vmsd,
      { path: sparePathOf(vmxPath), text: spareFor(vmx) },
      { path: vmxPath, text: vmx },
    ],
    followUps: [],
  };
}
