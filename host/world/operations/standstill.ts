// The order in which every operation on whole disks goes: the filters are told and may refuse, the
// new files are made while I/O flows, all disks stand still at the same moment, the filters are
// told again, everything is flushed, the change is committed and made, and I/O flows on. Until the
// commit any failure leaves everything as it was.
import type { DiskEventKind } from '#lib/filter-sdk/filter.ts';
import { Fault } from '#lib/model/fault.ts';
import type { Announcement } from '../../chain/announce.ts';
import { commitFiles, finishCommit } from '../../datastore/commit-files.ts';
import { keepSpare } from '../../datastore/vmx/vmx-spare.ts';
import type { ServedDisk } from '../../disk/served-disk.ts';
import { type Pause, quiesce } from '../../nbd/quiesce.ts';
import type { ChangeParts } from './change-parts.ts';
import { heldFiles } from './held-files.ts';
import { requireNotCanceled } from './operation-desk.ts';

/** It has happened, by the files, and this process could not follow. */
export class CommittedError extends Error {
  override readonly name = 'CommittedError';
}

export interface Change {
  /** What the filters hear; null for a change of one disk that is none of theirs. */
  kind: DiskEventKind | null;
  disks: readonly ServedDisk[];
  quiesced?: boolean;
  /**
   * It makes room, or goes where there is some: so it may happen while writes wait for space. One
   * that the filters do not hear of always may.
   */
  evenWaiting?: boolean;
  /** Of `grow`. */
  sizeBytes?: number;
  /** While I/O flows, after the filters have agreed. */
  prepare?(): Promise<void>;
  /** While I/O stands still, before the commit; may throw. */
  atStandstill?(): Promise<void>;
  /** Right after the commit: it has happened and must not fail. */
  changeOver?(): void | Promise<void>;
  /** Takes back what `prepare` and `atStandstill` made; I/O may flow. */
  takeBack?(): Promise<void>;
}

export async function makeChange(parts: ChangeParts, change: Change): Promise<Pause> {
  const { kind, disks, quiesced, sizeBytes } = change;
  const announcements =
    kind === null ? [] : disks.map((disk) => disk.announce(kind, { quiesced, sizeBytes }));
  let pause: Pause;
  try {
    requireRoom(change);
    for (const announcement of announcements) await announcement.prepare();
    await change.prepare?.();
    requireNotCanceled(parts.signal);
    pause = await standStill(parts, change, announcements);
  } catch (thrown) {
    if (thrown instanceof CommittedError) throw thrown;
    await change.takeBack?.();
    for (const announcement of announcements.toReversed()) await announcement.undone();
    throw thrown;
  }
  for (const announcement of announcements) await announcement.done();
  return pause;
}

/** For what is none of the filters' business: the disk's I/O stands still while the work runs. */
export function standQuiet(
  { server, clock }: ChangeParts,
  disk: ServedDisk,
  work: () => Promise<void>,
): Promise<Pause> {
  return quiesce({ server, disks: [disk], clock, evenWaiting: true }, () =>
    disk.withFiltersStill(() => parked([disk], work)),
  );
}

/**
 * Writes that wait for space are not tried while the work runs. So are all others: one that found
 * room just now may be followed by more of the same request.
 */
function parked(disks: readonly ServedDisk[], work: () => Promise<void>): Promise<void> {
  const [first, ...others] = disks;
  return first === undefined ? work() : first.space.whileParked(() => parked(others, work));
}

function standStill(
  parts: ChangeParts,
  change: Change,
  announcements: readonly Announcement[],
): Promise<Pause> {
  const { server, clock } = parts;
  const { kind, disks, evenWaiting } = change;
  const [only] = disks;
  if (kind === null && only !== undefined) {
    return standQuiet(parts, only, () => changeOver(parts, change));
  }
  return quiesce({ server, disks, clock, evenWaiting }, async () => {
    try {
      const waits = evenWaiting && disks.some((disk) => disk.isWaiting);
      for (const announcement of announcements) await announcement.freeze(waits);
      if (evenWaiting) await parked(disks, () => changeOver(parts, change));
      else await changeOver(parts, change);
    } finally {
      // Now for all, not when each has heard of the end: a guest's I/O may need a filter's own.
      for (const announcement of announcements) announcement.thaw();
    }
  });
}

async function changeOver(parts: ChangeParts, change: Change): Promise<void> {
  const { commit, files, log } = parts;
  for (const disk of change.disks) await disk.flush();
  requireHeld(parts, change);
  await change.atStandstill?.();
  requireHeld(parts, change);
  const held = heldFiles(files, () => requireHeld(parts, change));
  if (commit !== null) await commitFiles(commit, held);
  try {
    await change.changeOver?.();
  } catch (cause) {
    throw new CommittedError(`The disks could not follow: ${String(cause)}`, { cause });
  }
  if (commit === null) return;
  // It has happened: the agent writes again what could not be written here.
  await finishCommit(commit, held).catch((thrown: unknown) => log('error', String(thrown)));
  await keepSpare(commit.vmxPath, held);
}

/** Throws `NoDiskSpace` when the disks' I/O cannot come to rest. */
function requireRoom({ kind, disks, evenWaiting = kind === null }: Change): void {
  const full = evenWaiting ? undefined : disks.find(({ space }) => space.held > 0);
  if (full === undefined) return;
  const { descriptorPath: path } = full;
  const message = `Writes of ${path} wait for space, so its I/O does not come to rest.`;
  throw new Fault('NoDiskSpace', message);
}

/**
 * A process that stood still for longer than its leases must not change the files of a VM that
 * another host has taken over meanwhile: the locks of all its disks say so, also where the change
 * is of one alone, which may have been locked since. Throws `FileLocked`.
 */
function requireHeld({ commit, disks: all }: ChangeParts, { disks }: Change): void {
  const concerned = commit === null ? disks : [...disks, ...all.list];
  const lost = concerned.find((disk) => !disk.isServing());
  if (lost === undefined) return;
  const message = `The lock of the virtual disk ${lost.descriptorPath} was lost meanwhile.`;
  throw new Fault('FileLocked', message);
}
