// Tests of which layers of a VM's disks may be merged.
import { describe, expect, test } from 'vitest';
import { type DiskTree, nextMerge } from './disk-tree.ts';

const KEY = 2000;

function treeOf(running: string, parents: Record<string, string | null>): DiskTree {
  return {
    running: new Map([[KEY, running]]),
    frozen: new Map(),
    parents: new Map(Object.entries(parents)),
  };
}

describe('what is merged next', () => {
  test('is a layer that nothing but the next one needs', () => {
    const tree = treeOf('/ds/a/a-000001.vmdk', {
      '/ds/a/a-000001.vmdk': '/ds/a/a.vmdk',
      '/ds/a/a.vmdk': null,
    });
    expect(nextMerge(tree)).toMatchObject({
      parentPath: '/ds/a/a.vmdk',
      childPath: '/ds/a/a-000001.vmdk',
      running: true,
    });
    tree.frozen.set('/ds/a/a.vmdk', KEY);
    expect(nextMerge(tree)).toBeNull();
  });

  test('is never what a linked clone builds on: snapshots of another VM stand there', () => {
    const tree = treeOf('/ds/clone/clone.vmdk', {
      '/ds/clone/clone.vmdk': '/ds/a/a-000001.vmdk',
      '/ds/a/a-000001.vmdk': '/ds/a/a.vmdk',
      '/ds/a/a.vmdk': null,
    });
    expect(nextMerge(tree)).toBeNull();
  });

  test('of a linked clone are its own layers', () => {
    const tree = treeOf('/ds/clone/clone-000001.vmdk', {
      '/ds/clone/clone-000001.vmdk': '/ds/clone/clone.vmdk',
      '/ds/clone/clone.vmdk': '/ds/a/a.vmdk',
      '/ds/a/a.vmdk': null,
    });
    expect(nextMerge(tree)).toMatchObject({
      parentPath: '/ds/clone/clone.vmdk',
      childPath: '/ds/clone/clone-000001.vmdk',
    });
  });
});
