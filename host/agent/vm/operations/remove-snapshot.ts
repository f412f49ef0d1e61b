// Deletes a snapshot, with those that descend from it or without. First it is taken out of the
// list, which is what makes it gone; then the files that only it kept apart are merged, one after
// the other, each step whole in itself, so that a crash only delays the rest.
import type { z } from 'zod';
import { Fault } from '#lib/model/fault.ts';
import type { removeSnapshot as call, Snapshot } from '#lib/wire/agent/disk-rpc.ts';
import { isOwn, nextMerge, readDiskTree } from './disk-tree.ts';
import { requireNoLinkedClones } from './linked-clones.ts';
import { again, layoutWith, type OnVm } from './on-vm.ts';
import { intentOf, operate } from './operate.ts';

type Input = z.output<typeof call.input>;

export async function removeSnapshot(on: OnVm, { snapshotId, removeChildren }: Input) {
  const { snapshots } = on.home.layout;
  const found = snapshots.find(({ id }) => id === snapshotId);
  if (found) {
    await forget(on, removeChildren ? descendants(snapshots, found) : [found]);
  } else if (snapshotId > on.home.lastUid) {
    throw new Fault('NotFound', `${on.vm.name} has no snapshot ${snapshotId}.`);
  }
  // One that is gone already was deleted by a call that was cut off: what is left is merged.
  return mergeAll(await again(on));
}

/** Merges what no snapshot needs any more, whatever has left it. */
export async function consolidateDisks(on: OnVm) {
  const { home, host, vm } = on;
  const tree = await readDiskTree(home.layout, host.datastores, host.files);
  const running = new Set(tree.running.values());
  const unneeded = [...tree.parents.keys()].filter(
    (path) => isOwn(tree, path) && !tree.frozen.has(path) && !running.has(path),
  );
  await requireNoLinkedClones(host, unneeded, `the disks of ${vm.name} cannot be consolidated`);
  return mergeAll(on);
}

/** Cancelled, it answers with what it has merged until then: the files are in order after each. */
async function mergeAll(on: OnVm) {
  const { last, mergedBytes, consolidationNeeded } = await consolidate(on);
  const { runner, operationKey } = on;
  const answer = { layout: { ...last.home.layout, consolidationNeeded }, mergedBytes };
  await runner.update({ lastOperation: { operationKey, answer } });
  return answer;
}

async function forget(on: OnVm, gone: readonly Snapshot[]): Promise<void> {
  await requireUnused(on, gone);
  const { home, host } = on;
  const ids = new Set(gone.map(({ id }) => id));
  const snapshots = home.layout.snapshots
    .filter(({ id }) => !ids.has(id))
    .map((each) => ({
      ...each,
      parentId: keptAncestor(home.layout.snapshots, ids, each.parentId),
    }));
  const current = keptAncestor(home.layout.snapshots, ids, home.layout.currentSnapshotId);
  const layout = layoutWith(on, { snapshots, currentSnapshotId: current });
  const before = await readDiskTree(home.layout, host.datastores, host.files);
  const after = await readDiskTree(layout, host.datastores, host.files);
  const obsolete = [...before.parents.keys()].filter(
    (path) => !after.parents.has(path) && isOwn(before, path),
  );
  const intent = await intentOf(on, { layout, obsolete, answer: null });
  await operate(on, { kind: 'forgetSnapshots' }, intent);
}

/** A disk that a linked clone builds on must stay as the snapshot has frozen it. */
async function requireUnused({ host }: OnVm, gone: readonly Snapshot[]): Promise<void> {
  for (const { name, disks } of gone) {
    const frozen = disks.map(({ datastoreId, path }) => host.datastores.resolve(datastoreId, path));
    const what = `the snapshot “${name}” cannot be removed`;
    await requireNoLinkedClones(host, await Promise.all(frozen), what);
  }
}

interface Consolidated {
  last: OnVm;
  mergedBytes: number;
  consolidationNeeded: boolean;
}

/** Merges until every file that is left is a snapshot, the present state, or shared by several. */
async function consolidate(from: OnVm): Promise<Consolidated> {
  let mergedBytes = 0;
  for (let on = from; ; on = await again(on)) {
    const { datastores, files } = on.host;
    const step = nextMerge(await readDiskTree(on.home.layout, datastores, files));
    if (step === null) return { last: on, mergedBytes, consolidationNeeded: false };
    const parent = await datastores.locate(step.parentPath);
    const child = await datastores.locate(step.childPath);
    const moved = <Disk extends { datastoreId: string; path: string }>(disk: Disk): Disk =>
      disk.datastoreId === child.datastoreId && disk.path === child.path
        ? { ...disk, ...parent }
        : disk;
    const layout = layoutWith(on, {
      disks: on.home.layout.disks.map(moved),
      snapshots: on.home.layout.snapshots.map((each) => ({
        ...each,
        disks: each.disks.map(moved),
      })),
    });
    const obsolete = [step.childPath];
    const reparented = step.grandchildren.map((childDescriptorPath) => ({
      ...{ childDescriptorPath, parentDescriptorPath: step.parentPath },
    }));
    const intent = await intentOf(on, { layout, obsolete, reparented, answer: null });
    const result = await operate(on, { kind: 'merge', ...step }, intent).catch(nullIfCanceled);
    if (result === null) return { last: await again(on), mergedBytes, consolidationNeeded: true };
    mergedBytes += result.copiedBytes;
  }
}

function nullIfCanceled(thrown: unknown): null {
  if (thrown instanceof Fault && thrown.fault === 'RequestCanceled') return null;
  throw thrown;
}

function descendants(snapshots: readonly Snapshot[], root: Snapshot): Snapshot[] {
  const found = [root];
  for (const snapshot of snapshots) {
    if (found.some(({ id }) => id === snapshot.parentId)) found.push(snapshot);
  }
  return found;
}

function keptAncestor(
  snapshots: readonly Snapshot[],
  gone: ReadonlySet<number>,
  id: number | null,
): number | null {
  let at = id;
  while (at !== null && gone.has(at)) {
    at = snapshots.find((each) => each.id === at)?.parentId ?? null;
  }
  return at;
}
