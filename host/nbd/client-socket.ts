// Sockets as the I/O path wants them: read into a buffer that we choose, right behind what is there
// (`onread`). Node documents `onread` for sockets that it makes, not for those that a server
// accepts, nor how to learn a socket's descriptor: both are kept in this file. Tested against the
// Node version that package.json pins.
import { readSync, writeSync } from 'node:fs';
import { type Server, Socket } from 'node:net';
import { assert } from '#lib/base/assert.ts';

export interface ReadTarget {
  /** Where the next bytes go. Never empty. */
  room(): Buffer;
  /** So many bytes were put there. */
  received(bytes: number): void;
}

/** Wraps a socket that a server has accepted with `pauseOnConnect`. It is paused. */
export function adoptAccepted(accepted: Socket, target: ReadTarget): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle');
  assert(typeof handle === 'object' && handle !== null, 'an accepted socket has a handle');
  // The server's object gives its handle up, so that closing it closes nothing.
  Reflect.set(accepted, '_handle', null);
  const socket = makeSocket({ handle }, target);
  accepted.destroy();
  return socket;
}

/** Takes over a connection that this process has inherited. It is paused. */
export function adoptInherited(fd: number, target: ReadTarget): Socket {
  return makeSocket({ fd }, target);
}

/** The descriptor of an open socket or listening server, for a child to inherit. */
export function descriptorOf(open: Socket | Server): number {
  const handle: unknown = Reflect.get(open, '_handle');
  assert(typeof handle === 'object' && handle !== null, 'an open socket has a handle');
  const fd: unknown = Reflect.get(handle, 'fd');
  assert(typeof fd === 'number' && fd >= 0, 'an open socket has a descriptor');
  return fd;
}

/**
 * Writes straight into the kernel, past the stream, when nothing is queued there; returns how many
 * bytes went. The rest, also when the client is gone, is the stream's to write, or to fail on.
 */
export function writeAtOnce(socket: Socket, buffer: Buffer, start: number, end: number): number {
  if (socket.writableLength > 0 || socket.destroyed || !socket.writable) return 0;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return writeSync(descriptorOf(socket), buffer, start, end - start);
  } catch {
    // EAGAIN: the client reads slowly. Anything else the stream's own write meets with again.
    return 0;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Reads what the kernel has for the socket now, past the stream; 0 when that is nothing. The end
 * and errors are left for the stream to meet with.
 */
export function readAtOnce(socket: Socket, buffer: Buffer): number {
  if (socket.destroyed || socket.isPaused()) return 0;
  // EAGAIN comes as an exception, and most of its price is the stack.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return readSync(descriptorOf(socket), buffer, 0, buffer.length, null);
  } catch {
    return 0;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function makeSocket(from: { handle: object } | { fd: number }, target: ReadTarget): Socket {
  const options = {
    ...from,
    allowHalfOpen: false,
    readable: true,
    writable: true,
    onread: {
      buffer: () => target.room(),
      callback: (bytes: number) => {
        target.received(bytes);
        return true;
      },
    },
  };
  // By reflection, because Node's types do not know `handle`.
  const socket: Socket = Reflect.construct(Socket, [options]);
  socket.pause();
  // Replies leave at once; a unix socket has no such option and ignores it.
  socket.setNoDelay(true);
  return socket;
}
