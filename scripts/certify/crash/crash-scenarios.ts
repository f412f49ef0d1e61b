// What a disk goes through while its world is ended: its I/O, and each operation on it as a whole.
import type { CrashStage } from './crash-stage.ts';

export interface Scenario {
  name: string;
  /** Brings the disk to where it begins; nothing ends the world meanwhile. */
  prepare?(stage: CrashStage): Promise<void>;
  /** Arms the filter and goes on. Rejects when the world ends meanwhile. */
  run(stage: CrashStage, crashAt: number): Promise<void>;
  /** So many times the points of another one are tried. */
  weight?: number;
  /** Begins with a new disk each time. */
  fresh?: boolean;
  /** Not for filters that must stay on their disks. */
  detaches?: boolean;
}

/** A promise is made after each. */
const ROUNDS = 4;
const IO = { operations: 8, depth: 4 };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'I/O',
    weight: 3,
    run: armedBy(async ({ load }) => {
      for (let round = 0; round < ROUNDS; round++) {
        await load.run(IO);
        await load.flush();
      }
    }),
  },
  {
    name: 'power on',
    async run(stage, crashAt) {
      await stage.trial.stop();
      await stage.trial.reopen(stage.armed(crashAt));
      await stage.burst();
    },
  },
  {
    name: 'power off',
    run: armedBy(async (stage) => {
      await stage.burst();
      await stage.trial.stop();
      await stage.reopen();
    }),
  },
  {
    name: 'attach',
    detaches: true,
    prepare: (stage) => stage.trial.setFilters(stage.bare),
    async run(stage, crashAt) {
      await stage.trial.setFilters(stage.armed(crashAt));
      await stage.burst();
    },
  },
  {
    name: 'detach',
    detaches: true,
    run: armedBy(async (stage) => {
      await stage.burst();
      await stage.trial.setFilters(stage.bare);
    }),
  },
  {
    name: 'reset',
    run: armedBy(async (stage) => {
      await stage.burst();
      // It ends the guest's connections.
      await stage.operateQuietly({ kind: 'reset' });
    }),
  },
  { name: 'suspend', run: armedBy(suspendAndResume) },
  {
    name: 'resume',
    async run(stage, crashAt) {
      await suspend(stage);
      const { statePath } = stage;
      await stage.trial.reopen(stage.armed(crashAt), statePath);
      await stage.burst();
      stage.statePath = null;
    },
  },
  { name: 'snapshot', fresh: true, run: armedBy(snapshot) },
  { name: 'revert', fresh: true, prepare: snapshotAndMore, run: armedBy(revert) },
  { name: 'deletion of a snapshot', fresh: true, prepare: snapshotAndMore, run: armedBy(merge) },
  { name: 'clone', run: armedBy(clone) },
  { name: 'growing', fresh: true, run: armedBy(grow) },
  { name: 'storage migration', run: armedBy(relocate) },
  {
    name: 'migration, ending the source',
    run: (stage, crashAt) => stage.migrate('source', crashAt),
  },
  {
    name: 'migration, ending the destination',
    run: (stage, crashAt) => stage.migrate('destination', crashAt),
  },
];

/** Points are counted from here on. */
function armedBy(work: (stage: CrashStage) => Promise<void>): Scenario['run'] {
  return async (stage, crashAt) => {
    await stage.trial.setFilters(stage.armed(crashAt));
    await work(stage);
  };
}

async function suspend(stage: CrashStage): Promise<void> {
  const statePath = stage.newPath('state');
  await stage.operateQuietly({ kind: 'suspend', statePath }, () => {
    stage.statePath = statePath;
  });
  if (stage.statePath !== null) await stage.trial.stop();
}

async function suspendAndResume(stage: CrashStage): Promise<void> {
  await suspend(stage);
  if (stage.statePath !== null) await stage.reopen();
}

async function snapshot(stage: CrashStage): Promise<void> {
  const { trial } = stage;
  const descriptorPath = stage.newPath('delta');
  const disks = [{ key: trial.disk.key, descriptorPath }];
  await stage.operate({ kind: 'snapshot', quiesced: true, disks }, () =>
    trial.movedTo(descriptorPath),
  );
}

/** A snapshot to go back to, and data written since. */
async function snapshotAndMore(stage: CrashStage): Promise<void> {
  const { trial } = stage;
  const descriptorPath = stage.newPath('delta');
  const disks = [{ key: trial.disk.key, descriptorPath }];
  await stage.operateQuietly({ kind: 'snapshot', quiesced: true, disks }, () => {
    trial.movedTo(descriptorPath);
    stage.goBack = stage.load.model.remember();
  });
  await stage.burst();
}

async function revert(stage: CrashStage): Promise<void> {
  const { trial, goBack } = stage;
  if (goBack === null) return;
  const descriptorPath = stage.newPath('reverted');
  const disks = [{ key: trial.disk.key, parentPath: stage.firstPath, descriptorPath }];
  await stage.operateQuietly({ kind: 'revert', disks, removed: [] }, () => {
    trial.movedTo(descriptorPath);
    goBack();
  });
  // Hosts revert a VM that is off: its disks are opened anew before a guest comes.
  await trial.stop();
  await stage.reopen();
}

/** The redo log into the disk below it. */
async function merge(stage: CrashStage): Promise<void> {
  const { trial, firstPath: parentPath } = stage;
  const { key, descriptorPath: childPath } = trial.disk;
  if (childPath === parentPath) return;
  await stage.operate({ kind: 'forgetSnapshots' });
  const parts = { key, parentPath, childPath, running: true, grandchildren: [] };
  await stage.operate({ kind: 'merge', ...parts }, () => trial.movedTo(parentPath));
}

async function clone(stage: CrashStage): Promise<void> {
  const { key, descriptorPath: sourcePath } = stage.trial.disk;
  const place = { key, sourcePath, targetPath: stage.newPath('clone') };
  const disks = [{ ...place, provisioning: 'thin' as const }];
  await stage.operate({ kind: 'clone', disks, linked: false });
}

async function grow(stage: CrashStage): Promise<void> {
  const { disk, sizeBytes } = stage.trial;
  await stage.operate({ kind: 'grow', key: disk.key, capacityBytes: 2 * sizeBytes });
}

async function relocate(stage: CrashStage): Promise<void> {
  const { trial } = stage;
  const { key, descriptorPath: sourcePath } = trial.disk;
  const targetPath = stage.newPath('moved');
  const layer = { sourcePath, targetPath, parentPath: null, provisioning: 'thin' as const };
  await stage.operate({ kind: 'relocate', disks: [{ key, layers: [layer] }] }, () =>
    trial.movedTo(targetPath),
  );
}
