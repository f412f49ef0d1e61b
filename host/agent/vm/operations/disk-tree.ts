// The tree of disks that a VM's present state and its snapshots stand on: each descriptor names its
// parent. Read from the descriptors; nothing else says which file builds on which.
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { Fault } from '#lib/model/fault.ts';
import { SNAPSHOT_DEPTH_MAX } from '#lib/model/limits.ts';
import type { VmLayout } from '#lib/wire/agent/disk-rpc.ts';
import { readDescriptor } from '../../../datastore/descriptor-file.ts';
import { type SmallFiles, systemFiles } from '../../../datastore/small-files.ts';
import type { DatastorePaths } from '../../../datastore/vm-home.ts';

/** So many layers are followed at most: a circle would be endless. */
const LAYERS_MAX = 4 * SNAPSHOT_DEPTH_MAX;

/** Absolute paths of descriptors, from the disk down to the one that needs no other. */
export async function chainOf(
  descriptorPath: string,
  files: SmallFiles = systemFiles,
): Promise<string[]> {
  const chain = [descriptorPath];
  for (let path = descriptorPath; ; ) {
    const parent = await parentOf(path, files);
    if (parent === null) return chain;
    if (chain.includes(parent) || chain.length > LAYERS_MAX) {
      const message = `The virtual disk ${descriptorPath} builds on itself.`;
      throw new Fault('InvalidDiskFormat', message);
    }
    chain.push(parent);
    path = parent;
  }
}

export async function parentOf(
  descriptorPath: string,
  files: SmallFiles = systemFiles,
): Promise<string | null> {
  const { parentFileNameHint: hint } = await readDescriptor(descriptorPath, files);
  if (hint === null) return null;
  return normalize(isAbsolute(hint) ? hint : join(dirname(descriptorPath), hint));
}

export interface DiskTree {
  /** What the VM runs on, by disk key. */
  running: Map<number, string>;
  /** What snapshots have frozen, with the disk's key. */
  frozen: Map<string, number>;
  /** The parent of each descriptor that something needs; null where it needs no other. */
  parents: Map<string, string | null>;
}

/** All that a layout needs. */
export async function readDiskTree(
  layout: VmLayout,
  paths: DatastorePaths,
  files: SmallFiles = systemFiles,
): Promise<DiskTree> {
  const tree: DiskTree = { running: new Map(), frozen: new Map(), parents: new Map() };
  for (const { key, datastoreId, path } of layout.disks) {
    tree.running.set(key, await paths.resolve(datastoreId, path));
  }
  for (const { disks } of layout.snapshots) {
    for (const { key, datastoreId, path } of disks) {
      tree.frozen.set(await paths.resolve(datastoreId, path), key);
    }
  }
  for (const head of [...tree.running.values(), ...tree.frozen.keys()]) {
    const chain = await chainOf(head, files);
    for (const [index, path] of chain.entries()) {
      tree.parents.set(path, chain[index + 1] ?? null);
    }
  }
  return tree;
}

/** Whether a file lies with the VM's own, and not with a VM that this one is a linked clone of. */
export function isOwn({ running, frozen }: DiskTree, path: string): boolean {
  const heads = [...running.values(), ...frozen.keys()];
  return heads.some((head) => dirname(head) === dirname(path));
}

export interface MergeStep {
  key: number;
  parentPath: string;
  childPath: string;
  running: boolean;
  grandchildren: string[];
}

/**
 * A disk that is nothing but the parent of one other, which can take its place: the lowest first,
 * so that nothing is copied twice. What a linked clone builds on belongs to another VM, which may
 * have snapshots there. Null when there is none.
 */
export function nextMerge(tree: DiskTree): MergeStep | null {
  const { running, frozen, parents } = tree;
  const children = childrenOf(parents);
  const runningPaths = [...running.values()];
  for (const [path] of [...parents].sort((a, b) => depth(parents, a[0]) - depth(parents, b[0]))) {
    if (frozen.has(path) || runningPaths.includes(path) || !isOwn(tree, path)) continue;
    const [child, ...others] = children.get(path) ?? [];
    if (child === undefined || others.length > 0) continue;
    if (dirname(path) !== dirname(child)) continue;
    const key = keyOf(tree, child);
    if (key === null) continue;
    return {
      key,
      parentPath: path,
      childPath: child,
      running: running.get(key) === child,
      grandchildren: children.get(child) ?? [],
    };
  }
  return null;
}

/** The disk of the VM in whose tree a descriptor is. */
function keyOf({ running, frozen, parents }: DiskTree, wanted: string): number | null {
  const heads = [...[...running].map(([key, path]) => [path, key] as const), ...frozen];
  for (const [head, key] of heads) {
    for (let path: string | null = head; path !== null; path = parents.get(path) ?? null) {
      if (path === wanted) return key;
    }
  }
  return null;
}

function childrenOf(parents: ReadonlyMap<string, string | null>): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const [path, parent] of parents) {
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), path]);
  }
  return children;
}

function depth(parents: ReadonlyMap<string, string | null>, path: string): number {
  const parent = parents.get(path) ?? null;
  return parent === null ? 0 : 1 + depth(parents, parent);
}
