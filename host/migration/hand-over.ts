// The source's half of a live migration: starts the destination's world with our clients' sockets
// as its own, stands I/O still, and lets go. Until the destination has said that it is ready,
// everything can be taken back; after we have told it to go on, nothing can.
// docs/adr/0003-handover.md.
import type { Clock } from '#lib/base/clock.ts';
import { Fault } from '#lib/model/fault.ts';
import type { Announcement } from '../chain/announce.ts';
import type { ServedDisk } from '../disk/served-disk.ts';
import type { Connection } from '../nbd/connection.ts';
import type { NbdServer } from '../nbd/nbd-server.ts';
import { drain, underWay } from '../nbd/quiesce.ts';
import { encodeConnection, encodeFilterStates, type HandoverState } from './handover-state.ts';

/** First descriptor that a child inherits beyond the standard ones. */
const FIRST_FD = 3;
/** Disks are flushed so often before the pause at most, ... */
const FLUSHES_MAX = 3;
/** ... or until that takes less than so many milliseconds. */
const SHORT_FLUSH_MS = 50;

/** The destination's world, as far as the source needs it. */
export interface Destination {
  /** Resolves when it waits for us. Throws when it cannot start. */
  ready(): Promise<void>;
  /** Resolves when it has locks, disks and connections. */
  activate(state: HandoverState): Promise<void>;
  /** Tells it to serve. */
  goOn(): Promise<void>;
  /** Ends it for certain: resolves when the process is gone. */
  kill(): Promise<void>;
  /** Lets it live on without us. */
  detach(): void;
}

/** What a handover asks of the server whose clients it moves. */
export type MovedServer = Pick<
  NbdServer,
  | 'port'
  | 'connections'
  | 'tcpDescriptor'
  | 'closeTcp'
  | 'keepWaiting'
  | 'hold'
  | 'release'
  | 'inFlight'
  | 'repliesSent'
  | 'listenTcp'
  | 'close'
>;

export interface HandOverParts {
  server: MovedServer;
  disks: readonly ServedDisk[];
  clock: Clock;
  nbdHost: string;
  /** Starts the destination's world with these descriptors as its 3, 4, … */
  start(fds: readonly number[]): Destination;
  log(level: 'info' | 'warning' | 'error', message: string): void;
}

export interface HandedOver {
  pauseMs: number;
  heldIos: number;
  connections: number;
}

/**
 * Throws `MigrationFault` when the VM runs on here. When it returns, this process has nothing left
 * to serve.
 */
export async function handOver(parts: HandOverParts): Promise<HandedOver> {
  const { server, disks } = parts;
  const { port } = server;
  const announcements = disks.map((disk) => disk.announce('migrate'));
  await tellFilters(announcements);
  const connections = server.connections;
  const listener = server.tcpDescriptor;
  const fds = [...(listener === null ? [] : [listener]), ...connections.map((c) => c.descriptor)];
  const destination = parts.start(fds);
  // From here on clients that connect over TCP wait in the socket's queue for the destination.
  server.closeTcp();
  server.keepWaiting(true);
  try {
    await destination.ready();
    await flushAhead(parts);
    const inherited = { connections, listens: listener !== null, announcements };
    return await switchOver(parts, destination, inherited);
  } catch (cause) {
    await destination.kill();
    await takeBack(parts, { port, announcements });
    throw failed(cause);
  }
}

/** What the guest has written need not be made durable in the pause: each round leaves less. */
async function flushAhead({ disks, clock }: HandOverParts): Promise<void> {
  for (let round = 0; round < FLUSHES_MAX; round++) {
    const startedAt = clock.monotonic();
    for (const disk of disks) await disk.flush();
    if (clock.monotonic() - startedAt < SHORT_FLUSH_MS) return;
  }
}

/** Each disk's filters may refuse; then nothing has been begun. */
async function tellFilters(announcements: readonly Announcement[]): Promise<void> {
  try {
    for (const announcement of announcements) await announcement.prepare();
  } catch (cause) {
    for (const announcement of announcements.toReversed()) await announcement.undone();
    throw failed(cause);
  }
}

function failed(cause: unknown): Fault {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `The migration failed and the virtual machine runs on where it was: ${why}`;
  return new Fault('MigrationFault', message, { cause });
}

interface Inherited {
  connections: readonly Connection[];
  listens: boolean;
  announcements: readonly Announcement[];
}

async function switchOver(
  parts: HandOverParts,
  destination: Destination,
  inherited: Inherited,
): Promise<HandedOver> {
  const { server, disks, clock } = parts;
  const startedAt = clock.monotonic();
  server.hold();
  let heldIos = underWay({ server, disks, clock });
  await drain({ server, disks, clock });
  for (const announcement of inherited.announcements) await announcement.freeze();
  await server.repliesSent();
  // The filters close here, and open over there with what they have saved.
  const states = new Map<number, Map<string, Uint8Array>>();
  for (const disk of disks) states.set(disk.diskKey, await disk.suspend());
  for (const connection of inherited.connections) heldIos += connection.waitingRequests();
  const state = { ...packConnections(inherited), filterStates: encodeFilterStates(states) };
  await destination.activate(state);
  await goOn(parts, destination);
  const pauseMs = clock.monotonic() - startedAt;
  destination.detach();
  server.close();
  return { pauseMs, heldIos, connections: state.connections.length };
}

/** Past the point of no return: an answer that does not come changes nothing any more. */
async function goOn({ log }: HandOverParts, destination: Destination): Promise<void> {
  try {
    await destination.goOn();
  } catch (thrown) {
    log('warning', `The destination did not confirm that it goes on: ${String(thrown)}`);
  }
}

function packConnections({ connections, listens }: Inherited): Omit<HandoverState, 'filterStates'> {
  const first = listens ? FIRST_FD + 1 : FIRST_FD;
  const packed: HandoverState['connections'] = [];
  const unusedFds: number[] = [];
  for (const [index, connection] of connections.entries()) {
    const fd = first + index;
    if (connection.leaving) unusedFds.push(fd);
    else packed.push(encodeConnection(fd, connection.pack()));
  }
  return { listenerFd: listens ? FIRST_FD : null, connections: packed, unusedFds };
}

/** Everything as it was: locks, disks, filters with their states, and the clients go on. */
async function takeBack(
  parts: HandOverParts,
  { port, announcements }: { port: number; announcements: readonly Announcement[] },
): Promise<void> {
  const { server, disks, nbdHost, log } = parts;
  for (const [index, disk] of disks.entries()) {
    // Filters that had closed are opened anew with their states, and have heard nothing.
    if (disk.isSuspended) await disk.resume();
    else await announcements[index]?.undone();
  }
  server.release();
  server.keepWaiting(false);
  if (port === 0) return;
  await server.listenTcp({ host: nbdHost, port }).catch((thrown: unknown) => {
    log('error', `New clients cannot connect on TCP port ${port}: ${String(thrown)}`);
  });
}
