// What the files of the simulated VMs ought to hold: for each descriptor the contents that a guest
// would read there. It follows every change that becomes a VM's .vmx, at the moment of that, and
// goes back with one that a power failure takes back.
import { dirname, isAbsolute, join } from 'node:path';
import { assert } from '#lib/base/assert.ts';
import { parseVmsd } from '#lib/formats/vmx/vmsd.ts';
import { parseVmx, vmxValue } from '#lib/formats/vmx/vmx.ts';
import type { Operation } from '../world/operations/operation.ts';
import { RegisterHistory } from './register-history.ts';
import type { SimVolume } from './volume.ts';

const MARK = 'sluice.operation';
const MOVED_TO = 'sluice.movedTo';
const DISK_UNIT = /^scsi0:(\d)\.filename$/i;
const FIRST_KEY = 2000;

export interface DiskContent {
  history: RegisterHistory;
  /** The ring stands on it. */
  ringMade: boolean;
}

interface Commit {
  mark: string;
  before: { contents: Map<string, DiskContent>; disks: Map<number, string>; vmxPath: string };
  /** A guest may have seen it: it must not go back any more. */
  seen: boolean;
}

interface VmState {
  vmxPath: string;
  disks: Map<number, string>;
  commits: Commit[];
}

export class VmFiles {
  readonly #volume: SimVolume;
  readonly #onWrong: (message: string) => void;
  #contents = new Map<string, DiskContent>();
  readonly #vms = new Map<string, VmState>();
  readonly #underWay = new Map<string, Operation>();
  /** Told of VMs that a clone has made. */
  onNewVm: ((vmxPath: string) => void) | null = null;

  constructor(volume: SimVolume, onWrong: (message: string) => void) {
    this.#volume = volume;
    this.#onWrong = onWrong;
    volume.onRenamed = (path) => {
      if (path.endsWith('.vmx')) this.#changed(path);
    };
  }

  addVm(id: string, vmxPath: string): void {
    this.#vms.set(id, { vmxPath, disks: this.#read(vmxPath).disks, commits: [] });
  }

  /** An empty disk. */
  addDisk(descriptorPath: string, registers: number): void {
    this.#contents.set(descriptorPath, {
      history: new RegisterHistory(registers),
      ringMade: false,
    });
  }

  /** Files of a VM that was deleted. */
  leftOf(id: string): string[] {
    const { vmxPath, disks } = this.#stateOf(id);
    return [vmxPath, ...disks.values()].filter((path) => this.#volume.has(path));
  }

  /** Where the .vmx of a VM is now. */
  homeOf(id: string): string {
    return this.#stateOf(id).vmxPath;
  }

  /** Paths of the disks that a VM has now, by key. */
  disksOf(id: string): ReadonlyMap<number, string> {
    return this.#stateOf(id).disks;
  }

  /** What a disk ought to hold; null when the VM has no such disk. */
  contentOf(id: string, key: number): DiskContent | null {
    const path = this.#stateOf(id).disks.get(key);
    return path === undefined ? null : this.#at(path);
  }

  hasRedoLogs(id: string): boolean {
    // Of a linked clone also what is named as a base would be.
    const extents = [...this.#stateOf(id).disks.values()].map((path) =>
      path.replace(/\.vmdk$/, '-delta.vmdk'),
    );
    return extents.some((path) => this.#volume.has(path));
  }

  /**
   * Whether an extent belongs to what VMs have, and not to what an operation was about to make:
   * that has nobody's lock yet, and whoever goes on with the VM takes another name.
   */
  isInUse(extentPath: string): boolean {
    return this.#contents.has(extentPath.replace(/-(delta|flat)\.vmdk$/, '.vmdk'));
  }

  /** Numbers of the snapshots that a VM has now. */
  snapshotsOf(id: string): number[] {
    const path = this.#stateOf(id).vmxPath.replace(/x$/, 'sd');
    if (!this.#volume.has(path)) return [];
    return parseVmsd(this.#volume.find(path).bytes).snapshots.map(({ uid }) => uid);
  }

  /** A world is asked for an operation: it is known by its mark when it has happened. */
  begin(mark: string, operation: Operation): void {
    this.#underWay.set(mark, operation);
  }

  /** The VM serves guests: what its .vmx says must last. */
  seen(id: string): void {
    const { commits } = this.#stateOf(id);
    const mark = this.#markOf(this.#stateOf(id));
    const at = commits.findIndex((commit) => commit.mark === mark);
    for (const commit of commits.slice(0, at + 1)) commit.seen = true;
  }

  /** The process of a VM is gone, and what was not flushed with it. */
  loseMemory(id: string): void {
    for (const path of this.#stateOf(id).disks.values()) this.#at(path).history.losePower();
  }

  /** Names may have gone back with the power, and all that was not flushed. */
  losePower(): void {
    for (const [id, state] of this.#vms) {
      if (this.#volume.has(state.vmxPath)) this.#goBack(id, state);
    }
    for (const { history } of new Set(this.#contents.values())) history.losePower();
  }

  #goBack(id: string, state: VmState): void {
    while (state.commits.length > 0 && state.commits.at(-1)?.mark !== this.#markOf(state)) {
      const last = state.commits.pop();
      if (last === undefined) return;
      if (last.seen) this.#onWrong(`${id} has lost ${last.mark} with the power, and had run on it`);
      state.disks = last.before.disks;
      state.vmxPath = last.before.vmxPath;
      for (const [path, content] of last.before.contents) this.#contents.set(path, content);
    }
  }

  #changed(vmxPath: string): void {
    const { mark, movedTo } = this.#read(vmxPath);
    const operation = this.#underWay.get(mark);
    if (operation === undefined) return;
    const contents = new Map(this.#contents);
    const state = [...this.#vms.values()].find((each) => each.vmxPath === vmxPath);
    // A new home that does not count yet: the old one does not name it.
    if (state === undefined && operation.kind !== 'clone') return;
    if (state?.commits.at(-1)?.mark === mark) return;
    // The .vmx of a clone is a new one.
    const disks = new Map(state?.disks);
    this.#apply(operation, disks);
    if (state === undefined) {
      this.onNewVm?.(vmxPath);
      return;
    }
    const before = { contents, disks: state.disks, vmxPath };
    state.commits.push({ mark, before, seen: false });
    state.disks = disks;
    if (movedTo !== null) state.vmxPath = movedTo;
  }

  /** The disks that the VM should have then: whether its .vmx names them its guests will tell. */
  #apply(operation: Operation, disks: Map<number, string>): void {
    switch (operation.kind) {
      case 'snapshot':
        for (const { key, descriptorPath } of operation.disks) {
          this.#freeze(disks.get(key) ?? '', descriptorPath);
          disks.set(key, descriptorPath);
        }
        break;
      case 'merge':
        this.#carry(operation.childPath, operation.parentPath);
        replace(disks, operation.childPath, operation.parentPath);
        break;
      case 'revert':
        for (const key of operation.removed) disks.delete(key);
        for (const { key, parentPath, descriptorPath } of operation.disks) {
          this.#copy(parentPath, descriptorPath);
          disks.set(key, descriptorPath);
        }
        break;
      case 'clone':
        for (const each of operation.disks) this.#copy(each.sourcePath, each.targetPath);
        break;
      case 'relocate':
        for (const { sourcePath, targetPath } of operation.disks.flatMap(({ layers }) => layers)) {
          this.#carry(sourcePath, targetPath);
          replace(disks, sourcePath, targetPath);
        }
        break;
      case 'attach':
        disks.set(operation.disk.key, operation.disk.descriptorPath);
        break;
      case 'detach':
        disks.delete(operation.key);
        break;
      default:
      // The rest leaves disks and contents as they are.
    }
  }

  /** What is frozen is flushed, and nothing of it changes any more. */
  #freeze(path: string, childPath: string): void {
    const running = this.#at(path);
    this.#contents.set(childPath, running);
    const { history, ringMade } = running;
    this.#contents.set(path, { history: history.frozen(), ringMade });
  }

  /** A layer that only others need holds no disk of its own. */
  #carry(fromPath: string, toPath: string): void {
    const content = this.#contents.get(fromPath);
    if (content) this.#contents.set(toPath, content);
    else this.#contents.delete(toPath);
  }

  #copy(fromPath: string, toPath: string): void {
    const { history, ringMade } = this.#at(fromPath);
    this.#contents.set(toPath, { history: history.frozen(), ringMade });
  }

  #at(path: string): DiskContent {
    const content = this.#contents.get(path);
    assert(content !== undefined, `it is known what ${path} holds`);
    return content;
  }

  #stateOf(id: string): VmState {
    const state = this.#vms.get(id);
    assert(state !== undefined, 'the VM is known');
    return state;
  }

  /** Of a VM whose home has moved the old .vmx counts as long as it is there. */
  #markOf({ vmxPath, commits }: VmState): string {
    const old = commits.at(-1)?.before.vmxPath;
    const counts = old !== undefined && this.#volume.has(old) ? old : vmxPath;
    return this.#read(counts).mark;
  }

  #read(vmxPath: string): { mark: string; disks: Map<number, string>; movedTo: string | null } {
    const vmx = parseVmx(this.#volume.find(vmxPath).bytes);
    const disks = new Map<number, string>();
    for (const [name, value] of vmx) {
      const slot = DISK_UNIT.exec(name)?.[1];
      if (slot === undefined) continue;
      const path = isAbsolute(value) ? value : join(dirname(vmxPath), value);
      disks.set(FIRST_KEY + Number(slot), path);
    }
    return { mark: vmxValue(vmx, MARK) ?? '', disks, movedTo: vmxValue(vmx, MOVED_TO) };
  }
}

function replace(disks: Map<number, string>, before: string, after: string): void {
  for (const [key, path] of disks) if (path === before) disks.set(key, after);
}
