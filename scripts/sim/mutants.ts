// Small faults, put into the product's own code as it is loaded, each of which the simulator must
// find: the proof that it can. The code that ships knows nothing of them.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Recipe, Theme } from '#host/sim/recipe.ts';
import {
  BUSY_MOVES,
  BUSY_WALKS,
  CLONE_OF_TWO_SNAPSHOTS,
  KILLED_WALKS,
  STOPPED_ATTACH,
  STOPPED_MOVE,
} from './mutant-recipes.ts';

export interface Mutant {
  /** What it does wrong. */
  about: string;
  /** Recipes about this find it soon; any do, but for a few, within a thousand. */
  theme?: Theme;
  /** No seed before this one finds it. */
  firstSeed?: number;
  /** What finds it, where chance does not come to it. */
  recipe?: Recipe;
  /** No seed is known that finds it. */
  unproven?: true;
  /** From the root of the project. */
  file: string;
  /** This text, which the file holds exactly once, … */
  find: string;
  /** … becomes this. */
  replace: string;
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'flush-without-sync': {
    about: 'A flush is answered without a sync of the files.',
    file: 'host/disk/flat-disk.ts',
    find: 'this.#sync((error) => io.carrier?.diskDone(io, error));',
    replace: 'queueMicrotask(() => io.carrier?.diskDone(io, 0));',
  },
  'fua-without-sync': {
    about: 'A write with forced unit access is answered without a sync.',
    file: 'host/disk/flat-disk.ts',
    find: 'return error === 0 && io.fua ? this.#flush(io) : error;',
    replace: 'return error;',
  },
  'failed-flush-hidden': {
    about: 'A failed sync is answered as done.',
    file: 'host/disk/flat-disk.ts',
    find: 'this.#sync((error) => io.carrier?.diskDone(io, error));',
    replace: 'this.#sync(() => io.carrier?.diskDone(io, 0));',
  },
  'lease-never-ends': {
    about: 'A holder that could not renew in time goes on.',
    theme: 'fencing',
    file: 'host/datastore/locking/lease.ts',
    find: 'if (this.#clock.monotonic() < this.#end) return true;',
    replace: 'return true;',
  },
  'lock-broken-early': {
    about: 'A silent lock is broken after four seconds.',
    theme: 'fencing',
    file: 'host/datastore/disk-lock.ts',
    find: '- since >= LOCK_BREAK_MS',
    replace: '- since >= 4_000',
  },
  'lock-by-wall-clock': {
    about: 'The lease is counted by a clock that may step.',
    theme: 'hosts',
    file: 'host/datastore/locking/lease.ts',
    find: 'if (this.#clock.monotonic() < this.#end) return true;',
    replace: 'if (this.#clock.now() - 1_767_225_600_000 < this.#end) return true;',
  },
  'heartbeat-not-watched': {
    about: 'A lock whose own file does not change is broken although its heartbeat beats.',
    theme: 'fencing',
    file: 'host/datastore/locking/holder-watch.ts',
    find: "return text === '' || text === this.#text ? null : again;",
    replace: 'return null;',
  },
  'cache-keeps-old-data': {
    about: 'The cache does not forget what a write is about to change.',
    file: 'filters/cache/read-cache.ts',
    find: '(this.store.valid[slot] ?? 0) & ~sectors',
    replace: '(this.store.valid[slot] ?? 0)',
  },
  'cache-believes-failed-writes': {
    about: 'The cache answers with data whose write has failed.',
    file: 'filters/cache/read-cache.ts',
    find: 'const fills = isKept && error === 0;',
    replace: 'const fills = isKept;',
  },
  'zeroes-too-short': {
    about: 'A zeroing leaves the last sector of a range as it was.',
    file: 'host/disk/files/zero-range.ts',
    find: 'file.writeNow(ZEROES, 0, length, position)',
    replace: 'file.writeNow(ZEROES, 0, length - 512, position)',
  },
  'lease-from-the-end': {
    about: 'A lease is counted from the end of its renewal, not from its beginning.',
    theme: 'fencing',
    unproven: true,
    file: 'host/datastore/locking/lease.ts',
    find: 'this.#end = startedAt + LOCK_LEASE_MS;\n    return true;',
    replace: 'this.#end = this.#clock.monotonic() + LOCK_LEASE_MS;\n    return true;',
  },
  'lock-file-overwritten': {
    about: 'A lock is taken by a call that two processes can make.',
    theme: 'races',
    file: 'host/datastore/lock-directory.ts',
    find: 'await this.#files.link(temporary, this.#file(epoch));',
    replace: 'await this.#files.rename(temporary, this.#file(epoch));',
  },
  'lock-not-released': {
    about: 'A disk that was closed seems to be in use.',
    theme: 'calm',
    file: 'host/datastore/locking/held-lock.ts',
    find: "{ ...this.#record, state: 'released' }",
    replace: "{ ...this.#record, state: 'held' }",
  },
  'handover-without-drain': {
    about: 'A handover does not wait for I/O that is under way.',
    theme: 'calm',
    file: 'host/migration/hand-over.ts',
    find: 'await drain({ server, disks, clock });',
    replace: '',
  },
  'destination-not-ended': {
    about: 'A destination that does not take the VM lives on.',
    theme: 'moves',
    file: 'host/migration/hand-over.ts',
    find: 'await destination.kill();',
    replace: '',
  },
  'snapshot-without-flush': {
    about: 'What an operation freezes or copies was not flushed before.',
    theme: 'tornSnapshots',
    file: 'host/world/operations/standstill.ts',
    find: 'for (const disk of change.disks) await disk.flush();',
    replace: '',
  },
  'merge-forgets-a-sector': {
    about: 'Of each run of grains the last sector is not merged.',
    theme: 'calm',
    file: 'host/disk/merge-redo-log.ts',
    find: 'const result = await copyRange({ ...request, ...run });',
    replace:
      'const length = Math.max(512, run.length - 512);\n' +
      '      const result = await copyRange({ ...request, ...run, length });',
  },
  'revert-keeps-the-disk': {
    about: 'A VM that was reverted runs on what it ran on before.',
    theme: 'operations',
    file: 'host/agent/vm/operations/revert-to-snapshot.ts',
    find: 'frozen, parentPath)), datastoreId, path });',
    replace: 'frozen, parentPath)) });',
  },
  'growth-not-synced': {
    about: 'The file of a disk that grows is not synced before its descriptor.',
    theme: 'lasting',
    file: 'host/disk/grow-disk.ts',
    find: 'await step(file, (done) => file.sync(done));',
    replace: '',
  },
  'mirror-misses-writes': {
    about: 'A write behind the cursor of a copy goes to the source alone.',
    theme: 'calm',
    file: 'host/disk/mirror-backing.ts',
    find: 'const mirrored = range.start < this.#cursor;',
    replace: 'const mirrored = false;',
  },
  'mirror-copies-under-writes': {
    about: 'A region is copied while writes to it are under way.',
    recipe: BUSY_MOVES,
    file: 'host/disk/mirror-backing.ts',
    find: 'await this.#writesOutOf(region);',
    replace: '',
  },
  'mirror-not-flushed': {
    about: 'A disk changes over to a copy that is not durable.',
    theme: 'lasting',
    file: 'host/disk/mirror-backing.ts',
    find:
      'const error = await this.#parts.target.flush();\n' +
      '    if (error === 0) return;\n    this.#break',
    replace: 'const error: number = 0;\n    if (error === 0) return;\n    this.#break',
  },
  'tables-before-data': {
    about: 'The tables of a redo log are written before the data that they name.',
    theme: 'tornSnapshots',
    file: 'host/disk/redo/table-commit.ts',
    find: 'const steps = [sync];',
    replace: 'const steps: (typeof sync)[] = [(done) => queueMicrotask(() => done(0))];',
  },
  'commit-not-durable': {
    about: 'A VM runs on before its new .vmx is durable.',
    theme: 'snapshots',
    file: 'host/datastore/write-file.ts',
    find: 'await files.syncDirectory(dirname(path));',
    replace: '',
  },
  'overtaken-undone': {
    about: 'A host takes back an operation although another has changed the VM since.',
    theme: 'lostHosts',
    firstSeed: 442,
    file: 'host/agent/vm/vm-intent.ts',
    find: "if (mark !== intent.markBefore) return 'overtaken';",
    replace: '',
  },
  'late-world-writes': {
    about: "A world that waited for its locks does not ask whether the disks are still the VM's.",
    theme: 'lostHosts',
    file: 'host/world/same-disks.ts',
    find: 'if (homePath === undefined) return;',
    replace: 'if (homePath === undefined || vm.name !== "") return;',
  },
  'files-without-lease': {
    about: 'Only the first step of what changes files asks for the lock.',
    theme: 'fencing',
    file: 'host/disk/files/leased-file.ts',
    find: 'this.#mayWrite = mayWrite;',
    replace: 'this.#mayWrite = () => mayWrite() || true;',
  },
  'log-not-synced': {
    about: 'A flush is answered although the write-back log is not durable.',
    theme: 'flash',
    file: 'filters/cache/write-back/flash-log.ts',
    find: 'await this.#file.sync().catch((cause: unknown) => {',
    replace: 'await Promise.resolve().catch((cause: unknown) => {',
  },
  'clean-before-durable': {
    about: 'The write-back log forgets what was written down and is not durable there.',
    theme: 'flash',
    file: 'filters/cache/write-back/dirty-data.ts',
    find: 'await below.flush();',
    replace: '',
  },
  'clean-after-the-write': {
    about: 'What comes for a block while it is written down is taken for written.',
    theme: 'flash',
    firstSeed: 151,
    file: 'filters/cache/write-back/destager.ts',
    find: 'if (failure !== null) throw failure;',
    replace:
      'if (failure !== null) throw failure;\n  for (const slot of slots) store.dirty[slot] = 0;',
  },
  'claim-not-asked': {
    about: "A disk is opened although another host's flash has newer data of it.",
    theme: 'flash',
    file: 'filters/cache/write-back/left-over.ts',
    find: 'if (claim === null) return null;',
    replace: 'if (claim === null || claim.hostId !== context.flash?.host.id) return null;',
  },
  'walk-without-heads': {
    about: 'A range is re-encrypted before it is known how to go on after a kill.',
    recipe: KILLED_WALKS,
    file: 'filters/encryption/walker.ts',
    find: 'heads: now.heads } });',
    replace: 'heads: null } });',
  },
  'walk-under-writes': {
    about: 'A range is re-encrypted while the guest writes to it.',
    recipe: BUSY_WALKS,
    file: 'filters/encryption/walker.ts',
    find: 'await this.inFlight.whenClear(offset, end);',
    replace: '',
  },
  'operation-without-lock': {
    about: 'A process that has lost its locks still makes its operation the truth.',
    recipe: STOPPED_MOVE,
    file: 'host/world/operations/standstill.ts',
    find: 'if (lost === undefined) return;',
    replace: 'if (lost === undefined || lost.name !== "") return;',
  },
  'commit-without-lock': {
    about: 'The locks are asked for before a commit, and not in the middle of it.',
    recipe: STOPPED_MOVE,
    file: 'host/world/operations/standstill.ts',
    find: 'const held = heldFiles(files, () => requireHeld(parts, change));',
    replace: 'const held = heldFiles(files, () => undefined);',
  },
  'commit-with-one-lock': {
    about: 'Of the locks of a VM only those of the disks that change are asked for.',
    recipe: STOPPED_ATTACH,
    file: 'host/world/operations/standstill.ts',
    find: '? disks : [...disks, ...all.list];',
    replace: '? disks : [...disks];',
  },
  'home-in-two-places': {
    about: 'A home has moved when the new one is there, whatever the old one says.',
    theme: 'lostHosts',
    file: 'host/agent/vm/operations/relocate-vm.ts',
    find: '...(homeStays ? stays : await moveOfHome(on, layout, { mark, vmsd, vmxPath, vmx })),',
    replace: '...stays,',
  },
  'vmx-deleted-first': {
    about: 'A deletion that was cut off has lost what it would be made again by.',
    theme: 'deletions',
    firstSeed: 65,
    file: 'host/agent/vm/operations/destroy-vm.ts',
    find: 'for (const path of own) await deleteDisk(path, host.objects, files);',
    replace:
      'await remove(home.vmxPath, files);\n' +
      '  for (const path of own) await deleteDisk(path, host.objects, files);',
  },
  'clone-merges-its-parent': {
    about: 'The snapshots that a linked clone builds on are merged with its own.',
    recipe: CLONE_OF_TWO_SNAPSHOTS,
    file: 'host/agent/vm/operations/disk-tree.ts',
    find: ' || !isOwn(tree, path)) continue;',
    replace: ') continue;',
  },
};

/** From now on the module of the mutant is loaded with its fault. */
export function loadMutant(name: string): void {
  const mutant = MUTANTS[name];
  if (mutant === undefined) throw new RangeError(`no mutant is called ${name}`);
  const url = new URL(`../../${mutant.file}`, import.meta.url);
  registerHooks({
    load(asked, context, nextLoad) {
      if (asked !== url.href) return nextLoad(asked, context);
      return { format: 'module-typescript', source: mutate(mutant), shortCircuit: true };
    },
  });
}

/** The file's text with the fault. Throws when the text to replace is not there exactly once. */
export function mutate({ file, find, replace }: Mutant): string {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  const parts = readFileSync(path, 'utf8').split(find);
  if (parts.length !== 2) throw new RangeError(`${file} does not hold once: ${find}`);
  return parts.join(replace);
}
