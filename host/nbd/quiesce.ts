// Stands a VM's I/O still for some work: nothing new begins, what is under way ends, clients only
// notice a pause.
import { type Clock, sleep } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import type { NbdExport } from './nbd-export.ts';
import type { NbdServer } from './nbd-server.ts';

/** How long I/O that is under way may take to end, in milliseconds. */
const DRAIN_MS = 20_000;

/** A disk as far as standing still is concerned. */
export interface DrainableDisk extends NbdExport {
  /** I/Os that a filter or the disk has, also those whose client is gone. */
  readonly inFlight: number;
  /** Makes filters answer at once what they hold back, a limit for instance. */
  letGo(): void;
  /**
   * I/Os below the filters: those that wait for room on the datastore, and those that it has. No
   * I/O waits where absent.
   */
  readonly space?: { readonly held: number; readonly moving: number };
}

export interface QuiesceParts {
  server: Pick<NbdServer, 'hold' | 'release' | 'inFlight'>;
  /** The disks to hold: one, or all of the VM's. */
  disks: readonly DrainableDisk[];
  clock: Clock;
  /**
   * Goes on although writes wait for space, when nothing else is under way below the filters. The
   * work must keep them from being tried again.
   */
  evenWaiting?: boolean;
}

export interface Pause {
  pauseMs: number;
  /** Requests that were under way when the pause began, or came while it lasted. */
  heldIos: number;
}

/**
 * Holds the disks' I/O while the work runs, whatever becomes of it. Throws `Timedout` when I/O does
 * not end, `NoDiskSpace` when it waits for space and may not.
 */
export async function quiesce(parts: QuiesceParts, work: () => Promise<void>): Promise<Pause> {
  const { server, disks, clock } = parts;
  const startedAt = clock.monotonic();
  for (const disk of disks) server.hold(disk);
  let heldIos = underWay(parts);
  try {
    await drain(parts);
    await work();
  } finally {
    for (const disk of disks) heldIos += server.release(disk);
  }
  return { pauseMs: clock.monotonic() - startedAt, heldIos };
}

/** Waits until nothing is under way on disks that are held. Throws as `quiesce` does. */
export async function drain(parts: QuiesceParts): Promise<void> {
  const deadline = parts.clock.monotonic() + DRAIN_MS;
  while (underWay(parts) > 0) {
    if (parts.evenWaiting && parts.disks.every((disk) => isQuiet(parts, disk))) return;
    if (parts.clock.monotonic() > deadline) throw notAtRest(parts);
    // Each time: what one filter lets go may be held by the next.
    for (const disk of parts.disks) disk.letGo();
    await sleep(parts.clock, 1);
  }
}

/** Requests of the disks that have begun and not ended. */
export function underWay(parts: QuiesceParts): number {
  return parts.disks.reduce((sum, disk) => sum + underWayOn(parts, disk), 0);
}

function underWayOn({ server }: QuiesceParts, disk: DrainableDisk): number {
  return Math.max(disk.inFlight, server.inFlight(disk));
}

/** Nothing is under way, or nothing but what waits for space, and for that. */
function isQuiet(parts: QuiesceParts, disk: DrainableDisk): boolean {
  if (underWayOn(parts, disk) === 0) return true;
  return disk.space !== undefined && disk.space.held > 0 && disk.space.moving === 0;
}

function notAtRest({ disks }: QuiesceParts): Fault {
  if (disks.some(({ space }) => space !== undefined && space.held > 0)) {
    const message = 'Writes wait for space on a datastore, so the I/O does not come to rest.';
    return new Fault('NoDiskSpace', message);
  }
  return new Fault('Timedout', 'I/O that is under way does not end.');
}
