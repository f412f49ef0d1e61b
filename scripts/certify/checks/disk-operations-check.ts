// Everything that can happen to a disk as a whole, with I/O before, during and after it. A filter
// may refuse what the SDK lets it refuse; the disk must be right in any case.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Operation } from '#host/world/operations/operation.ts';
import { COMMANDS } from '#lib/formats/nbd/constants.ts';
import type { Check, CheckContext, Outcome } from '../check.ts';
import { startTrial } from '../check.ts';
import { DiskLoad } from '../lab/disk-load.ts';
import { Failure, Trial } from '../lab/trial.ts';

const DEPTH = 8;
const GROWN = 2;

export const diskOperationsCheck: Check = {
  id: 'operations',
  title: 'Snapshots, growing, clones, moves, suspend, reset',
  async run(context: CheckContext): Promise<Outcome> {
    const trial = await startTrial(context);
    const tour = new Tour(trial, context);
    await tour.work();
    await tour.grow();
    await tour.relocate();
    await tour.snapshotAndRevert();
    await tour.snapshotAndMerge();
    await tour.clone();
    await tour.suspend();
    await tour.reset();
    await trial.stop();
    return { numbers: { operations: tour.done, ios: tour.ios }, notes: tour.notes };
  },
};

class Tour {
  done = 0;
  readonly notes: string[] = [];
  readonly #trial: Trial;
  readonly #load: DiskLoad;
  readonly #context: CheckContext;
  #files = 0;

  constructor(trial: Trial, context: CheckContext) {
    this.#trial = trial;
    this.#context = context;
    this.#load = new DiskLoad(trial, context.random);
  }

  get ios(): number {
    return this.#load.answered;
  }

  work(): Promise<void> {
    const operations = Math.ceil(this.#context.effort.operations / 30);
    return this.#load.run({ operations, depth: DEPTH });
  }

  async grow(): Promise<void> {
    const { disk, sizeBytes } = this.#trial;
    const capacityBytes = GROWN * sizeBytes;
    if (!(await this.#during({ kind: 'grow', key: disk.key, capacityBytes }))) return;
    const client = await this.#trial.connect();
    const last = { offset: capacityBytes - 4096, length: 4096 };
    const data = Buffer.alloc(4096, 0x47);
    const write = { command: COMMANDS.write, offset: last.offset, data };
    const written = await this.#trial.request(client, write);
    const read = await this.#trial.request(client, { command: COMMANDS.read, ...last });
    client.close();
    if (written.error !== 0 || read.error !== 0 || !read.data.equals(data)) {
      throw new Failure('After growing, the end of the disk does not hold what was written there.');
    }
  }

  async relocate(): Promise<void> {
    const { disk } = this.#trial;
    const targetPath = await this.#newPath('moved');
    const layer = { sourcePath: disk.descriptorPath, targetPath };
    const layers = [{ ...layer, provisioning: 'thin' as const, parentPath: null }];
    const moved = await this.#during({ kind: 'relocate', disks: [{ key: disk.key, layers }] });
    if (moved) this.#trial.movedTo(targetPath);
    await this.#check('After storage migration');
  }

  async snapshotAndRevert(): Promise<void> {
    const { key, descriptorPath: parentPath } = this.#trial.disk;
    if (!(await this.#snapshot())) return;
    const goBack = this.#load.model.remember();
    await this.work();
    const descriptorPath = await this.#newPath('reverted');
    const disks = [{ key, parentPath, descriptorPath }];
    if (await this.#quiet({ kind: 'revert', disks, removed: [] })) {
      this.#trial.movedTo(descriptorPath);
      goBack();
      // Hosts revert a VM that is off: its disks are opened anew before a guest comes.
      await this.#trial.restart();
    }
    await this.#check('After a revert to a snapshot');
  }

  async snapshotAndMerge(): Promise<void> {
    const { key, descriptorPath: parentPath } = this.#trial.disk;
    if (!(await this.#snapshot())) return;
    await this.work();
    const { descriptorPath: childPath } = this.#trial.disk;
    await this.#quiet({ kind: 'forgetSnapshots' });
    const merge = { kind: 'merge', key, parentPath, childPath } as const;
    if (await this.#during({ ...merge, running: true, grandchildren: [] }))
      this.#trial.movedTo(parentPath);
    await this.#check('After the deletion of a snapshot');
  }

  /** The copy is opened by a world of its own, with the same filter. */
  async clone(): Promise<void> {
    const { key, descriptorPath: sourcePath } = this.#trial.disk;
    if (!(await this.#snapshot())) return;
    const targetPath = await this.#newPath('clone');
    const copy = { key, sourcePath, targetPath, provisioning: 'thin' as const };
    if (!(await this.#quiet({ kind: 'clone', disks: [copy], linked: false }))) return;
    const disk = { ...this.#trial.disk, descriptorPath: targetPath };
    const { hosts, ...parts } = this.#trial.parts;
    const twin = await Trial.over(disk, { ...parts, ...(hosts && { hosts: hosts.forCopy() }) });
    await this.#load.verify('On a clone, a read', twin);
    await twin.requireNoFaults();
    await twin.stop();
    await this.#check('After a clone');
  }

  async suspend(): Promise<void> {
    await this.work();
    this.#note('suspend', await this.#trial.suspendAndResume());
    await this.#check('After suspend and resume');
  }

  async reset(): Promise<void> {
    await this.work();
    await this.#quiet({ kind: 'reset' });
    await this.#check('After a reset');
  }

  async #snapshot(): Promise<boolean> {
    const { key } = this.#trial.disk;
    const descriptorPath = await this.#newPath('delta');
    const disks = [{ key, descriptorPath }];
    const made = await this.#quiet({ kind: 'snapshot', quiesced: true, disks });
    if (made) this.#trial.movedTo(descriptorPath);
    await this.#check('After a snapshot');
    return made;
  }

  /** With I/O going on. False when a filter has refused. */
  async #during(operation: Operation): Promise<boolean> {
    let over = false;
    const running = this.#load.run({ operations: Infinity, depth: DEPTH, until: () => over });
    // Awaited below; a rejection before that is not lost.
    running.catch(() => undefined);
    const refusal = await this.#trial.operate(operation).finally(() => {
      over = true;
    });
    await running;
    return this.#note(operation.kind, refusal);
  }

  /** With no I/O under way. False when a filter has refused. */
  async #quiet(operation: Operation): Promise<boolean> {
    return this.#note(operation.kind, await this.#trial.operate(operation));
  }

  #note(kind: string, refusal: string | null): boolean {
    if (refusal === null) this.done += 1;
    else this.notes.push(`It refuses ${kind}: ${refusal}`);
    return refusal === null;
  }

  async #check(when: string): Promise<void> {
    await this.#load.verify(`${when}, a read`);
    await this.#trial.requireNoFaults();
  }

  async #newPath(word: string): Promise<string> {
    this.#files += 1;
    const folder = path.join(this.#context.harness.directory, `${word}${this.#files}`);
    await mkdir(folder);
    return path.join(folder, `${word}-${this.#trial.disk.key}.vmdk`);
  }
}
