// What TestAgents keep of the VMs' files, as hosts do on the datastores that they share: the calls
// on whole disks change it as the real ones change .vmx and .vmsd.
import type { z } from 'zod';
import { Fault } from '../../model/fault.ts';
import * as diskCalls from '../../wire/agent/disk-rpc.ts';
import type * as calls from '../../wire/agent/host-rpc.ts';
import type { Rpc } from '../../wire/agent/rpc.ts';

/** Registers the answer of one call. */
export type OnCall = <I extends z.ZodType, O extends z.ZodType>(
  rpc: Rpc<I, O>,
  run: (input: z.output<I>) => z.input<O> | Promise<z.input<O>>,
) => void;

/** By VM id; all agents of a test see the same datastores. */
export class TestLayouts {
  readonly #layouts = new Map<string, diskCalls.VmLayout>();

  of(vm: calls.VmRunSpec): diskCalls.VmLayout {
    const known = this.#layouts.get(vm.vmId);
    if (known) return known;
    const { datastoreId, vmxPath, disks } = vm;
    return this.set(vm.vmId, {
      ...{ datastoreId, vmxPath, disks, snapshots: [], currentSnapshotId: null },
      storage: disks.map(({ key }) => ({
        ...{ key, backing: 'flat' as const, provisioning: 'thin' as const },
        ...{ usedBytes: 1_048_576, health: '', objectId: null },
      })),
    });
  }

  find(vmId: string): diskCalls.VmLayout | undefined {
    return this.#layouts.get(vmId);
  }

  set(vmId: string, layout: diskCalls.VmLayout): diskCalls.VmLayout {
    this.#layouts.set(vmId, layout);
    return layout;
  }

  delete(vmId: string): void {
    this.#layouts.delete(vmId);
  }
}

const PAUSE = { pauseMs: 4, heldIos: 1 };

export function addDiskCalls(on: OnCall, layouts: TestLayouts): void {
  on(diskCalls.readVmLayout, ({ vm }) => ({ layout: layouts.of(vm) }));
  addSnapshotCalls(on, layouts);
  on(diskCalls.growDisk, ({ vm, diskKey, capacityBytes }) => {
    const layout = layouts.of(vm);
    const disks = layout.disks.map((disk) =>
      disk.key === diskKey ? { ...disk, capacityBytes } : disk,
    );
    return { layout: layouts.set(vm.vmId, { ...layout, disks }) };
  });
  on(diskCalls.attachDisk, ({ vm, disk }) => {
    const layout = layouts.of(vm);
    const others = layout.disks.filter(({ key }) => key !== disk.key);
    return { layout: layouts.set(vm.vmId, { ...layout, disks: [...others, disk] }) };
  });
  on(diskCalls.detachDisk, ({ vm, diskKey }) => {
    const layout = layouts.of(vm);
    const disks = layout.disks.filter(({ key }) => key !== diskKey);
    return { layout: layouts.set(vm.vmId, { ...layout, disks }) };
  });
  on(diskCalls.cloneVm, ({ source, snapshotId, target }) => {
    const { snapshots } = layouts.of(source);
    if (snapshotId !== null && !snapshots.some(({ id }) => id === snapshotId)) {
      throw new Fault('NotFound', 'There is no such snapshot.');
    }
    return { layout: layouts.of(target), copiedBytes: 4096 };
  });
  on(diskCalls.relocateVm, ({ vm, home, disks }) => {
    const layout = layouts.of(vm);
    const moved = layout.disks.map((disk) => {
      const to = disks.find(({ key }) => key === disk.key);
      return to ? { ...disk, datastoreId: to.datastoreId, path: to.path } : disk;
    });
    const next = { ...layout, ...home, disks: moved };
    return { layout: layouts.set(vm.vmId, next), copiedBytes: 4096, ...PAUSE };
  });
  on(diskCalls.destroyVm, ({ vm }) => {
    layouts.delete(vm.vmId);
    return {};
  });
  on(diskCalls.cancelOperation, () => ({}));
}

function addSnapshotCalls(on: OnCall, layouts: TestLayouts): void {
  on(diskCalls.createSnapshot, ({ vm, name, description, quiesce }) => {
    const layout = layouts.of(vm);
    const id = Math.max(0, ...layout.snapshots.map((snapshot) => snapshot.id)) + 1;
    const frozen = layout.disks.map(({ key, datastoreId, path, capacityBytes }) => ({
      ...{ key, datastoreId, path, capacityBytes },
    }));
    const snapshot = {
      ...{ id, parentId: layout.currentSnapshotId, name, description },
      ...{ createdAt: 1_700_000_000_000 + id, quiesced: quiesce, disks: frozen },
    };
    const suffix = `-${String(id).padStart(6, '0')}.vmdk`;
    const next = {
      ...layout,
      disks: layout.disks.map((disk) => ({
        ...disk,
        path: disk.path.replace(/(-\d{6})?\.vmdk$/, suffix),
      })),
      snapshots: [...layout.snapshots, snapshot],
      currentSnapshotId: id,
    };
    return { layout: layouts.set(vm.vmId, next), snapshotId: id, ...PAUSE };
  });
  on(diskCalls.renameVm, () => ({}));
  on(diskCalls.renameSnapshot, ({ vm, snapshotId, name, description }) => {
    const layout = layouts.of(vm);
    const snapshots = layout.snapshots.map((snapshot) =>
      snapshot.id === snapshotId ? { ...snapshot, name, description } : snapshot,
    );
    return { layout: layouts.set(vm.vmId, { ...layout, snapshots }) };
  });
  on(diskCalls.revertToSnapshot, ({ vm, snapshotId }) => {
    const layout = layouts.of(vm);
    return { layout: layouts.set(vm.vmId, { ...layout, currentSnapshotId: snapshotId }) };
  });
  on(diskCalls.removeSnapshot, ({ vm, snapshotId, removeChildren }) => {
    const layout = layouts.of(vm);
    return {
      layout: layouts.set(vm.vmId, without(layout, snapshotId, removeChildren)),
      mergedBytes: 512,
    };
  });
}

function without(
  layout: diskCalls.VmLayout,
  snapshotId: number,
  children: boolean,
): diskCalls.VmLayout {
  const gone = new Set([snapshotId]);
  if (children) {
    for (const { id, parentId } of layout.snapshots) if (gone.has(parentId ?? 0)) gone.add(id);
  }
  const parent = layout.snapshots.find(({ id }) => id === snapshotId)?.parentId ?? null;
  const up = (id: number | null) => (gone.has(id ?? 0) ? parent : id);
  const kept = layout.snapshots.filter(({ id }) => !gone.has(id));
  const base = (path: string) => (kept.length > 0 ? path : path.replace(/-\d{6}\.vmdk$/, '.vmdk'));
  return {
    ...layout,
    disks: layout.disks.map((disk) => ({ ...disk, path: base(disk.path) })),
    snapshots: kept.map((snapshot) => ({ ...snapshot, parentId: up(snapshot.parentId) })),
    currentSnapshotId: up(layout.currentSnapshotId),
  };
}
